# Defines Parley's own targets: the rooms of the runtime, and the warnings for Parley's own code.

set(PARLEY_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # With optimisation GCC reports "text" + std::string as an overlapping copy (GCC bug 105651).
  list(APPEND PARLEY_WARNINGS -Wno-restrict)
endif()
if(PARLEY_WERROR)
  list(APPEND PARLEY_WARNINGS -Werror)
endif()

# For Parley's own code. Never PUBLIC, so that no warning flag reaches a user's target.
function(parley_own_code target)
  target_compile_options(${target} PRIVATE ${PARLEY_WARNINGS})
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  # UBSan checks the library, generated code and the tests next to them. For the many programs of
  # the whole stack it would increase the compile time by half.
  get_target_property(type ${target} TYPE)
  get_target_property(folder ${target} SOURCE_DIR)
  if(type STREQUAL EXECUTABLE AND PARLEY_SANITIZE MATCHES "address,undefined" AND NOT folder MATCHES "/tests/(codec|evolution|unit)$")
    target_compile_options(${target} PRIVATE -fno-sanitize=undefined)
  endif()
endfunction()

# parley_room(<name> [SOURCES ...] [PUBLIC_HEADERS ...] [PRIVATE_HEADERS ...] [LINKS ...] [USES ...] [DEFINES ...])
#
# A room of the runtime: the target parley_<name>, which users see as parley::<name>.
#   SOURCES          compiled files; a room without any is an INTERFACE library until it gets its first
#   PUBLIC_HEADERS   installed, because a header that users or generated code include reaches them
#   PRIVATE_HEADERS  for the rooms above; not installed
#   LINKS            rooms below and libraries that this room's headers show
#   USES             libraries that only its sources see
#   DEFINES          macros for it and everything above it, users included
function(parley_room name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;PUBLIC_HEADERS;PRIVATE_HEADERS;LINKS;USES;DEFINES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "parley_room(${name}): unknown argument ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(target parley_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES} ${arg_PRIVATE_HEADERS})
    set(scope PUBLIC)
    parley_own_code(${target})
    # Static, but usable in a user's shared library.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(${target} PRIVATE ${arg_USES})
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_USES})
  endif()
  add_library(parley::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_include_directories(${target} ${scope} "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/runtime>")
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/runtime" FILES ${arg_PUBLIC_HEADERS})
  target_link_libraries(${target} ${scope} ${arg_LINKS})
  target_compile_definitions(${target} ${scope} ${arg_DEFINES})
  set_property(GLOBAL APPEND PROPERTY PARLEY_INSTALLED_TARGETS ${target})
endfunction()
