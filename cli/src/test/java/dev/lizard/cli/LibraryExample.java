package dev.lizard.cli;

import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.Generator;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.generate.Session;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;

/** The example of README.md. */
final class LibraryExample {
    private LibraryExample() {}

    /** Two endings of one text. */
    static String[] write(Path folder, String prompt, GenerationListener listener) {
        try (OpenModel model = Models.open(folder, DType.FLOAT32, Device.CPU);
                Tokenizer tokenizer = model.openTokenizer();
                Session session = new Session(model.decoder())) {
            Generator generator = new Generator(tokenizer);
            GenerationSettings settings = GenerationSettings.of(64, SamplerSettings.ofTemperature(0.7, 1));
            String text = generator
                    .generate(session, prompt, settings, listener, () -> false)
                    .text();
            try (Session other = session.fork()) { // a copy of the state: nothing is read again
                return new String[] {
                    text
                            + generator
                                    .generate(session, " So", settings, listener, () -> false)
                                    .text(),
                    text
                            + generator
                                    .generate(other, " But", settings, listener, () -> false)
                                    .text()
                };
            }
        }
    }
}
