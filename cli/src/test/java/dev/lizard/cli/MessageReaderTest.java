package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.cli.ChatInput.End;
import dev.lizard.cli.ChatInput.GivenUp;
import dev.lizard.cli.ChatInput.Line;
import dev.lizard.cli.ChatInput.Typed;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** What a person at the terminal does between messages. */
class MessageReaderTest {
    private int hints;

    private List<MessageReader.Said> read(Typed... typed) {
        Iterator<Typed> left = List.of(typed).iterator();
        ChatInput input = new ChatInput() {
            @Override
            public Typed line(boolean more) {
                return left.next();
            }

            @Override
            public BooleanSupplier stop() {
                return () -> false;
            }

            @Override
            public boolean live() {
                return true;
            }

            @Override
            public void close() {}
        };
        MessageReader reader = new MessageReader(input, () -> hints++);
        List<MessageReader.Said> all = new ArrayList<>();
        for (MessageReader.Said said = reader.next(); said != null; said = reader.next()) {
            all.add(said);
        }
        assertThat(left).isExhausted();
        return all;
    }

    private static MessageReader.Said said(String text, boolean plain) {
        return new MessageReader.Said(text, plain);
    }

    @Test
    void ctrlCNeverLeavesAndTellsHowOnlyAtAnEmptyPrompt() {
        assertThat(read(
                        new Line("a"),
                        new GivenUp(false),
                        new GivenUp(true),
                        new GivenUp(true),
                        new Line("b"),
                        new End()))
                .containsExactly(said("a", true), said("b", true));
        assertThat(hints).isEqualTo(2);
    }

    @Test
    void ctrlCGivesUpAMessageOfSeveralLines() {
        assertThat(read(
                        new Line("a\\"),
                        new GivenUp(false),
                        new Line("\"\"\"b"),
                        new GivenUp(false),
                        new Line("c"),
                        new End()))
                .containsExactly(said("c", true));
        assertThat(hints).isZero();
    }

    @Test
    void whatIsPastedIsOneMessageAndNoCommand() {
        assertThat(read(new Line("/usr/bin\nis a folder"), new Line("x\n\"\"\""), new End()))
                .containsExactly(said("/usr/bin\nis a folder", false), said("x\n\"\"\"", false));
    }

    @Test
    void aFenceOpensAndClosesOnOneLineToo() {
        assertThat(read(
                        new Line("\"\"\"/a\"\"\""),
                        new Line("\"\"\""),
                        new Line(""),
                        new Line(" b \\"),
                        new Line("\"\"\" "),
                        new End()))
                .containsExactly(said("/a", false), said("b \\", false));
    }
}
