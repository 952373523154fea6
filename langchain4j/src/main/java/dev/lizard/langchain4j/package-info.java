/** Models of this project for programs that are written with langchain4j. */
@NullMarked
package dev.lizard.langchain4j;

import org.jspecify.annotations.NullMarked;
