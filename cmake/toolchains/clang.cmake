# The newest clang that is installed. 16 is the oldest that compiles Parley, because older ones
# refuse lambdas that capture structured bindings.
find_program(PARLEY_CLANGXX NAMES clang++-19 clang++-18 clang++-17 clang++-16 clang++)
if(NOT PARLEY_CLANGXX)
  message(FATAL_ERROR "No clang++ found: apt-get install clang-19 (or clang-16)")
endif()
set(CMAKE_CXX_COMPILER "${PARLEY_CLANGXX}")
# C programs (examples, tests of the C interface) are compiled by clang of the same version, which
# has the same sanitizers.
string(REGEX REPLACE "clang\\+\\+(-[0-9]+)?$" "clang\\1" CMAKE_C_COMPILER "${PARLEY_CLANGXX}")
