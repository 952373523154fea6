package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code lizard doctor}: looks at what lizard needs and says the next step for each thing that is amiss. */
@Command(
        name = "doctor",
        description = "Checks the JVM, native libraries, CUDA, memory, disk and cache.",
        footer = {"", "Exits with 4 when something keeps lizard from working, else with 0."})
final class DoctorCommand implements Action {
    /** One look at the machine. */
    @FunctionalInterface
    interface Check {
        Finding look(Context context);
    }

    private record Named(String name, Check check) {}

    private static final List<Named> CHECKS = List.of(
            new Named("java", MachineChecks::java),
            new Named("native-access", MachineChecks::nativeAccess),
            new Named("memory", MachineChecks::memory),
            new Named("disk", MachineChecks::disk),
            new Named("cache", MachineChecks::cache),
            new Named("variables", MachineChecks::variables),
            new Named("engine", EngineChecks::engine),
            new Named("cuda", EngineChecks::cuda),
            new Named("kernels", EngineChecks::kernels));

    @Override
    public int run(Context context) {
        List<Finding> findings = new ArrayList<>();
        for (Named named : CHECKS) {
            findings.add(tell(look(named, context), context));
        }
        EngineChecks.paths(context).forEach(finding -> findings.add(tell(finding, context)));
        boolean failed = findings.stream().anyMatch(finding -> finding.status() == Finding.Status.FAIL);
        return failed ? LizardException.Kind.ENVIRONMENT.exitCode() : 0;
    }

    private static Finding tell(Finding finding, Context context) {
        String fix = finding.fix().isEmpty() ? "" : System.lineSeparator() + "      -> " + finding.fix();
        String text = "%-4s  %s: %s%s".formatted(finding.status().label(), finding.check(), finding.detail(), fix);
        context.console()
                .result(
                        Json.object()
                                .put("check", finding.check())
                                .put("status", finding.status().label())
                                .put("detail", finding.detail())
                                .put("fix", finding.fix()),
                        text);
        return finding;
    }

    /** A check that breaks is itself a finding: doctor is for machines on which things break. */
    private static Finding look(Named named, Context context) {
        try (Activity _ = Activity.begin("checking " + named.name)) {
            return named.check.look(context);
        } catch (RuntimeException | LinkageError e) {
            return Finding.fail(named.name, e.toString(), "run 'lizard doctor --debug' and report what it prints");
        }
    }
}
