"""`ptera catalogue`: the functions and variables of a script."""
