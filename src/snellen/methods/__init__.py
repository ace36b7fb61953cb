"""Pure typed functions, one method a file. Methods compute; probes ask."""
