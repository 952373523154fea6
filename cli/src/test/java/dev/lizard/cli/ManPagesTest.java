package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManPagesTest {
    @Test
    void everyCommandHasAPageWithItsOptions(@TempDir Path folder) throws IOException {
        Path pages = folder.resolve("man");
        ManPages.main(new String[] {pages.toString()});
        try (Stream<Path> files = Files.list(pages)) {
            assertThat(files.map(file -> "lizard " + file.getFileName()))
                    .containsExactlyInAnyOrderElementsOf(HelpTest.commands()
                            .map(command -> "lizard " + command.replace(' ', '-') + ".1")
                            .toList());
        }
        String page = Files.readString(pages.resolve("lizard-generate.1"));
        assertThat(page)
                .startsWith(".TH LIZARD\\-GENERATE 1 \"\" \"lizard ")
                .contains("\n.SH NAME\nlizard\\-generate \\- Continues a text, streamed as it comes.\n")
                .contains("\n.SH SYNOPSIS\n\\fBlizard generate \\-\\-model MODEL [OPTIONS]\\fR\n")
                .contains("\n.TP\n\\fB\\-\\-prompt\\fR=\\fIS\\fR\nThe text to continue.\n")
                .doesNotContain("\\-\\-threads");
        assertThat(Files.readString(pages.resolve("lizard.1")))
                .contains("\\-\\-threads\\fR=\\fIN\\fR", "\\fBlizard\\-bench\\fR(1)", "Exit codes: 0 done");
        assertThat(Files.readString(pages.resolve("lizard-chat.1"))).contains("begins with \"\"\" and");
    }
}
