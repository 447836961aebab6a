"""protoc-gen-parley: a protoc plugin that writes C++ clients, servers and codecs. See codegen/README.md."""

__version__ = "0.1.0"
