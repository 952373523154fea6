package dev.lizard.langchain4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The place of this room: above it generate and what generate uses, none of the others. */
class RoomTest {
    @Test
    void arrowsPointUpwards() {
        noClasses()
                .that()
                .resideInAPackage("dev.lizard.langchain4j..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.lizard.distill..", "dev.lizard.eval..", "dev.lizard.serve..", "dev.lizard.cli..")
                .check(new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("dev.lizard.langchain4j"));
    }
}
