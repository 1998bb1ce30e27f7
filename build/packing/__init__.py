"""The parts of packing: what goes in, what stays out, resources, records, signatures."""
