/** Three soft notes and a buzz, again and again; silent where the browser allows no sound yet. Returns how to stop. */
export function startRinging(): () => void {
  const context = typeof AudioContext === "undefined" ? null : new AudioContext();
  const play = (): void => {
    navigator.vibrate?.([200, 120, 200]);
    if (context === null || context.state !== "running") return;
    for (const [at, pitch] of [659, 784, 659].entries()) {
      const from = context.currentTime + at * 0.22;
      const volume = new GainNode(context, { gain: 0 });
      volume.gain.setValueAtTime(0, from);
      volume.gain.linearRampToValueAtTime(0.08, from + 0.03);
      volume.gain.linearRampToValueAtTime(0, from + 0.2);
      const tone = new OscillatorNode(context, { frequency: pitch });
      tone.connect(volume).connect(context.destination);
      tone.start(from);
      tone.stop(from + 0.22);
    }
  };
  play();
  const timer = setInterval(play, 2400);
  return () => {
    clearInterval(timer);
    navigator.vibrate?.(0);
    void context?.close();
  };
}
