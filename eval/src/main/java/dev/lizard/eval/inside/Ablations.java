package dev.lizard.eval.inside;

import dev.lizard.eval.metric.Quality;
import dev.lizard.eval.metric.QualityMeter;
import dev.lizard.eval.metric.Ratio;
import dev.lizard.eval.metric.Reference;
import dev.lizard.eval.result.Ablation;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.model.Decoder;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A model with parts of its mixers left out, on the same text: the far part and all that is near, each alone as
 * {@link MixerSpec#only} has it, and each further part by itself ({@link Without}). Layers that have no such part stay.
 */
final class Ablations {
    private static final String FAR = "far";
    private static final String NEAR = "near";

    private final Decoder model;
    private final String name;
    private final Decoder teacher;
    private final Reference reference;
    private final Quality whole;

    /** @param whole the model as it is, on the reference's text */
    Ablations(Decoder model, String name, Decoder teacher, Reference reference, Quality whole) {
        this.model = model;
        this.name = name;
        this.teacher = teacher;
        this.reference = reference;
        this.whole = whole;
    }

    /**
     * The whole model and each ablation; the whole alone where no mixer has parts.
     *
     * @param parts names of the parts of the model's mixers that have several
     */
    List<Ablation> measure(Set<String> parts) {
        List<Ablation> rows = new ArrayList<>();
        rows.add(row("", whole));
        if (parts.contains(FAR)) {
            Set<String> near = new LinkedHashSet<>(parts);
            near.remove(FAR);
            rows.add(with(FAR, mixer -> only(mixer, LizardSpec.Branches.WINDOW)));
            rows.add(with(String.join(", ", near), mixer -> only(mixer, LizardSpec.Branches.LINEAR)));
        }
        Set<String> done = parts.equals(Set.of(NEAR, FAR)) ? parts : Set.of(FAR);
        for (String part : parts) {
            if (!done.contains(part)) {
                rows.add(with(part, mixer -> Optional.of(new Without(mixer, part))));
            }
        }
        return rows;
    }

    private Optional<Mixer> only(Mixer mixer, LizardSpec.Branches branch) {
        return mixer.spec().only(branch).map(spec -> spec.create(model.headDims(), mixer.parameters()));
    }

    private Ablation with(String without, Function<Mixer, Optional<Mixer>> change) {
        List<Mixer> before = new ArrayList<>();
        for (int layer = 0; layer < model.layers(); layer++) {
            before.add(model.mixer(layer));
        }
        try {
            for (int layer = 0; layer < before.size(); layer++) {
                int number = layer;
                change.apply(before.get(layer)).ifPresent(mixer -> model.replaceMixer(number, mixer));
            }
            return row(without, QualityMeter.measure(model, reference, teacher));
        } finally {
            for (int layer = 0; layer < before.size(); layer++) {
                model.replaceMixer(layer, before.get(layer));
            }
        }
    }

    private Ablation row(String without, Quality found) {
        Ratio rise = found.riseOver(whole);
        Double kl = found.meanKl();
        return new Ablation(
                name,
                without,
                found.meanNll(),
                rise.value(),
                rise.stderr(),
                kl == null ? 0 : kl,
                reference.text().windows().size());
    }
}
