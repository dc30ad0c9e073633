package colloque.record;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;
import java.util.Properties;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.web.embedded.EmbeddedWebServerFactoryCustomizerAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.ServletWebServerFactoryAutoConfiguration;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

/**
 * The demo hospital's record: a FHIR R4 server on an H2 file, at /fhir.
 *
 * <p>System properties: record.port, record.data (folder of the database), record.schema ("update" on a new database,
 * "none" once its tables exist, which saves seconds at each start).
 */
@Configuration
@ImportAutoConfiguration({
  ServletWebServerFactoryAutoConfiguration.class,
  EmbeddedWebServerFactoryCustomizerAutoConfiguration.class
})
@Import({
  JpaR4Config.class,
  HapiJpaConfig.class,
  ThreadPoolFactoryConfig.class,
  JpaBatch2Config.class,
  Batch2JobsConfig.class,
  SubscriptionChannelConfig.class,
  SubscriptionSubmitterConfig.class
})
public class RecordServer {

  public static void main(String[] args) {
    SpringApplication application = new SpringApplication(RecordServer.class);
    Properties defaults = new Properties();
    defaults.setProperty("server.address", "127.0.0.1");
    defaults.setProperty("server.port", System.getProperty("record.port"));
    defaults.setProperty("server.tomcat.threads.min-spare", "2");
    defaults.setProperty("spring.main.banner-mode", "off");
    defaults.setProperty("spring.main.allow-bean-definition-overriding", "true");
    // HAPI's own beans refer to each other in circles.
    defaults.setProperty("spring.main.allow-circular-references", "true");
    application.setDefaultProperties(defaults);
    application.run(args);
  }

  @Bean
  public JpaStorageSettings storageSettings() {
    JpaStorageSettings settings = new JpaStorageSettings();
    // Filing names its resources itself (uuidv5 of the Matrix event): PUT creates, doing it twice changes nothing.
    settings.setResourceClientIdStrategy(JpaStorageSettings.ClientIdStrategyEnum.ANY);
    // Two bundles of one case may arrive in either order.
    settings.setEnforceReferentialIntegrityOnWrite(false);
    settings.setAllowExternalReferences(true);
    // A lookup must see what was written a moment ago.
    settings.setReuseCachedSearchResultsForMillis(null);
    settings.setMarkResourcesForReindexingUponSearchParameterChange(false);
    settings.setStatusBasedReindexingDisabled(true);
    return settings;
  }

  @Bean
  public PartitionSettings partitionSettings() {
    return new PartitionSettings();
  }

  @Bean
  public SubscriptionSettings subscriptionSettings() {
    return new SubscriptionSettings();
  }

  @Bean(destroyMethod = "dispose")
  public JdbcConnectionPool dataSource() {
    String url = "jdbc:h2:file:" + System.getProperty("record.data") + "/record;DB_CLOSE_ON_EXIT=FALSE";
    JdbcConnectionPool pool = JdbcConnectionPool.create(url, "record", "record");
    pool.setMaxConnections(20);
    return pool;
  }

  @Primary
  @Bean
  public LocalContainerEntityManagerFactoryBean entityManagerFactory(
      DataSource source,
      ConfigurableListableBeanFactory beans,
      FhirContext context,
      JpaStorageSettings settings) {
    LocalContainerEntityManagerFactoryBean factory =
        HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, context, settings);
    factory.setPersistenceUnitName("record");
    factory.setDataSource(source);
    Properties properties = new Properties();
    properties.setProperty("hibernate.dialect", HapiFhirH2Dialect.class.getName());
    properties.setProperty("hibernate.hbm2ddl.auto", System.getProperty("record.schema", "update"));
    properties.setProperty("hibernate.search.enabled", "false");
    properties.setProperty("hibernate.jdbc.batch_size", "20");
    properties.setProperty("hibernate.order_inserts", "true");
    properties.setProperty("hibernate.order_updates", "true");
    properties.setProperty("hibernate.show_sql", "false");
    factory.setJpaProperties(properties);
    return factory;
  }

  @Primary
  @Bean
  public JpaTransactionManager transactionManager(EntityManagerFactory factory) {
    return new JpaTransactionManager(factory);
  }

  @Bean
  public ServletRegistrationBean<RestfulServer> fhir(
      FhirContext context,
      IFhirSystemDao<?, ?> systemDao,
      ResourceProviderFactory resources,
      JpaSystemProvider<?, ?> system,
      JpaStorageSettings settings,
      ISearchParamRegistry parameters,
      IValidationSupport validation,
      DatabaseBackedPagingProvider paging) {
    RestfulServer server = new RestfulServer(context);
    server.registerProviders(resources.createProviders());
    server.registerProvider(system);
    JpaCapabilityStatementProvider capabilities =
        new JpaCapabilityStatementProvider(server, systemDao, settings, parameters, validation);
    capabilities.setImplementationDescription("CHU de Valombre (demo)");
    server.setServerConformanceProvider(capabilities);
    server.setDefaultResponseEncoding(EncodingEnum.JSON);
    paging.setDefaultPageSize(50);
    paging.setMaximumPageSize(1000);
    server.setPagingProvider(paging);
    ServletRegistrationBean<RestfulServer> servlet = new ServletRegistrationBean<>(server, "/fhir/*");
    servlet.setLoadOnStartup(1);
    return servlet;
  }
}
