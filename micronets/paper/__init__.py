"""The paper's tables and figures (MicroNets, arXiv 2010.11267) beside ours, on one page."""
