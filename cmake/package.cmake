# Packaging is described in packaging/.
