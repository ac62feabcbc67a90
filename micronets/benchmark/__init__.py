"""All models of a folder, compiled and profiled beside what other runtimes reach."""
