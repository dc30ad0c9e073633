package colloque.validate;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport.IssueSeverity;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.NpmPackageValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/**
 * Validates each *.json of a folder as FHIR R4, against the profiles that it claims, with HAPI's validator and the official IHE MHD
 * package. One line for each finding: file, severity, place and message, with tabs between; one line "done" for each file.
 */
public class Validate {
  private static final String MHD = "classpath:META-INF/profiles/v421/ihe.iti.mhd.tgz";

  public static void main(String[] args) throws IOException {
    FhirValidator validator = validator();
    try (Stream<Path> files = Files.list(Path.of(args[0]))) {
      List<Path> all = files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
      all.parallelStream().forEach(file -> report(file, validator));
    }
  }

  private static FhirValidator validator() throws IOException {
    FhirContext context = FhirContext.forR4();
    NpmPackageValidationSupport mhd = new NpmPackageValidationSupport(context);
    mhd.loadPackageFromClasspath(MHD);
    // LOINC, SNOMED and the French code systems are not in any package that may be had here: their codes are warned of.
    UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
    unknown.setNonExistentCodeSystemSeverity(IssueSeverity.WARNING);
    FhirInstanceValidator module =
        new FhirInstanceValidator(
            new ValidationSupportChain(
                mhd,
                new DefaultProfileValidationSupport(context),
                new CommonCodeSystemsTerminologyService(context),
                new InMemoryTerminologyServerValidationSupport(context),
                new SnapshotGeneratingValidationSupport(context),
                unknown));
    // A profile that nobody has is told as a warning, so that what was not checked is seen.
    module.setErrorForUnknownProfiles(false);
    module.setNoTerminologyChecks(false);
    return context.newValidator().registerValidatorModule(module);
  }

  private static void report(Path path, FhirValidator validator) {
    String file = path.getFileName().toString();
    StringBuilder lines = new StringBuilder();
    for (SingleValidationMessage each : validator.validateWithResult(read(path)).getMessages())
      lines
          .append(file)
          .append('\t')
          .append(each.getSeverity().getCode())
          .append('\t')
          .append(each.getLocationString())
          .append('\t')
          .append(each.getMessage().replaceAll("\\s+", " "))
          .append('\n');
    System.out.print(lines.append(file).append("\tdone\n"));
  }

  private static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException fault) {
      throw new UncheckedIOException(fault);
    }
  }
}
