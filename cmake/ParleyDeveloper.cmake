# Conveniences for work on Parley itself: a default build type, ccache, a fast linker, and
# sanitizers. Not used when Parley is part of another project, whose own settings they would
# override.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(PARLEY_CCACHE ccache)
if(PARLEY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${PARLEY_CCACHE}")
endif()

find_program(PARLEY_MOLD mold)
find_program(PARLEY_LLD ld.lld)
if(PARLEY_MOLD)
  add_link_options(-fuse-ld=mold)
elseif(PARLEY_LLD)
  add_link_options(-fuse-ld=lld)
endif()
# GNU ld groups the functions that are marked hot by itself (runtime/README.md).
if(PARLEY_MOLD OR PARLEY_LLD)
  add_link_options(-Wl,-z,keep-text-section-prefix)
endif()

# With CMAKE_INTERPROCEDURAL_OPTIMIZATION, GCC's archives contain machine code as well, so that
# other projects can link them with and without it.
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(CMAKE_CXX_COMPILE_OPTIONS_IPO -flto=auto -ffat-lto-objects)
endif()

# GCC collects garbage in its own memory from 128 MiB on, which costs these translation units 7 % of
# their time.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:--param ggc-min-heapsize=524288>")
endif()

set(PARLEY_SANITIZE "" CACHE STRING "Sanitizers for everything built here: address,undefined or thread")
if(PARLEY_SANITIZE)
  add_compile_options(-fsanitize=${PARLEY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${PARLEY_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 17)
    # -fsanitize=function puts data before each function, which the assembler cannot place for
    # coroutines.
    add_compile_options(-fno-sanitize=function)
  endif()
endif()
if(PARLEY_SANITIZE MATCHES "thread")
  # ThreadSanitizer does not understand fences. Asio uses them only around handlers, whose queues
  # have locks of their own.
  add_compile_definitions(ASIO_DISABLE_FENCED_BLOCK)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
endif()
