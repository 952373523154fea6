package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HubListingTest {
    @Test
    void aPartOfASplitModelBringsTheOthers() {
        String files = """
            {"siblings":[{"rfilename":"q4/m-00001-of-00002.gguf"},{"rfilename":"q4/m-00002-of-00002.gguf"},
             {"rfilename":"q8/m-00001-of-00002.gguf"},{"rfilename":"q4/m-00001-of-00003.gguf"},
             {"rfilename":"m.gguf"}]}\
            """;
        HubName part = HubName.parse("owner/name/q4/m-00002-of-00002.gguf");
        assertThat(HubListing.parse(part, files).wanted())
                .extracting(HubFile::path)
                .containsExactly("q4/m-00002-of-00002.gguf", "q4/m-00001-of-00002.gguf");
        HubName whole = HubName.parse("owner/name/m.gguf");
        assertThat(HubListing.parse(whole, files).wanted())
                .extracting(HubFile::path)
                .containsExactly("m.gguf");
    }
}
