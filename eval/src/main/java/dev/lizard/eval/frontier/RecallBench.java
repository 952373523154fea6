package dev.lizard.eval.frontier;

import dev.lizard.base.LizardException;
import dev.lizard.distill.TrainListener;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.FrontierPoint;
import dev.lizard.tensor.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Accuracy of recall against bytes of state (Arora et al. 2023, arXiv 2312.04927): every stack at every width from every
 * seed. What a folder holds of it already is not trained again.
 */
public final class RecallBench {
    /** Is told how it goes. */
    public interface Listener extends TrainListener {
        /**
         * Before a model.
         *
         * @param number from 1
         * @param models at most, as not all learning rates may be needed
         */
        void model(int number, int models, String name);

        /** A point that is found, or that was {@code known} before. */
        void point(FrontierPoint point, boolean known);
    }

    private static final String CELLS = "cells";

    private final FrontierPlan plan;
    private final Path out;
    private final Device device;
    private final long seed;

    /**
     * @param out the results folder, added to where it exists
     * @param seed the first of the plan's seeds
     */
    public RecallBench(FrontierPlan plan, Path out, Device device, long seed) {
        this.plan = plan;
        this.out = out;
        this.device = device;
        this.seed = seed;
    }

    /**
     * Trains and tests; each model's points are on the disk before the next begins.
     *
     * @param mixers names of the stacks, or none for all
     * @param provenance what it takes to do it again
     * @return the points of this plan and these mixers
     * @throws LizardException USAGE for an unknown name or a mixer that does not fit; INTERRUPTED when asked to stop
     */
    public List<FrontierPoint> run(
            List<String> mixers, Map<String, String> provenance, Listener listener, BooleanSupplier stop) {
        List<List<FrontierCell>> groups = cells(plan.only(mixers));
        Findings found = Findings.in(out, "Recall against bytes of state");
        int number = 1;
        int models = groups.stream().mapToInt(List::size).sum();
        List<FrontierPoint> points = new ArrayList<>();
        for (List<FrontierCell> rates : groups) {
            for (FrontierCell cell : rates) {
                List<FrontierPoint> known = cell.among(found.frontier);
                List<FrontierPoint> own = known;
                if (known.isEmpty()) {
                    listener.model(number, models, cell.name());
                    own = cell.run(out.resolve(CELLS).resolve(cell.key()), device, listener, stop);
                    found.frontier.addAll(own);
                    found.provenance.putAll(provenance);
                    found.results().write(out);
                }
                own.forEach(point -> listener.point(point, !known.isEmpty()));
                points.addAll(own);
                number++;
                if (own.stream().allMatch(this::isEnough)) {
                    break;
                }
            }
        }
        return points;
    }

    private boolean isEnough(FrontierPoint point) {
        Double accuracy = point.accuracy();
        return accuracy != null && accuracy >= plan.enough();
    }

    /** Those that differ in their learning rate alone stand together; all are looked at before any is trained. */
    private List<List<FrontierCell>> cells(List<FrontierPlan.Stack> stacks) {
        List<List<FrontierCell>> groups = new ArrayList<>();
        for (int i = 0; i < plan.seeds(); i++) {
            for (FrontierPlan.Stack stack : stacks) {
                for (int width : plan.widths()) {
                    List<FrontierCell> rates = new ArrayList<>();
                    for (double rate : plan.learningRates()) {
                        rates.add(new FrontierCell(plan, stack, width, seed + i, rate));
                    }
                    rates.getFirst().stateBytes(); // faults of its mixers are told before hours of training
                    groups.add(rates);
                }
            }
        }
        return groups;
    }
}
