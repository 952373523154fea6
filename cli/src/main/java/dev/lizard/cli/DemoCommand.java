package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.eval.demo.Demo;
import dev.lizard.eval.result.ResultSet;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard demo}: the whole story on the built-in teacher. */
@Command(name = "demo", description = "Linearizes the built-in teacher on the CPU, measures both, and writes a report.")
final class DemoCommand implements Action {
    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "lizard-demo",
            description = "The folder to write (default: ${DEFAULT-VALUE}).")
    Path out;

    @Option(names = "--quick", description = "A smaller budget and shorter measurements: about a minute.")
    boolean quick;

    @Option(names = "--resume", description = "Goes on with an interrupted demo in --out, or starts.")
    boolean resume;

    @Override
    public boolean onlyFloat32() {
        return true;
    }

    @Override
    public int run(Context context) {
        String device = context.settings().device();
        if (!device.equals("auto") && !device.equals("cpu")) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "bad value",
                    context.layers().tree().origin("device").place("device"),
                    "cpu, for the demo's teacher is small,",
                    "'" + device + "'",
                    "leave it out, or convert it yourself: lizard linearize --model demo --device " + device);
        }
        context.device();
        Demo.Options options = new Demo.Options(
                DemoTeacher.unpacked(context.settings().cache()),
                out,
                context.settings().cache(),
                resume,
                quick,
                context.settings().seed(),
                Version.current(),
                context.arguments());
        ResultSet results;
        try (TrainingDisplay display = new TrainingDisplay(context.console())) {
            results = Demo.run(options, display, context.interrupt()::requested);
        }
        context.console().result(results, ResultTable.of(results));
        context.console().note("open " + out.resolve(Demo.PAGE) + "; the model is in " + out.resolve(Demo.MODEL));
        return 0;
    }
}
