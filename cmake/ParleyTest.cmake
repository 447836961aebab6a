# Functions that declare tests. Every test belongs to one folder of tests/, whose name is its label:
# `ctest -L unit`.
include(GoogleTest)

# parley_test(<name> SOURCES ... [LINKS ...] [TIMEOUT seconds] [SERIAL])
#
# A GoogleTest program. Each of its cases is a separate test. A test that runs longer than TIMEOUT
# counts as hanging (default 60 s, enough for a sanitizer on a busy machine). SERIAL is for tests
# that measure time or memory and must run alone.
function(parley_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "SOURCES;LINKS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "parley_test(${name}): SOURCES is needed; unknown: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME label)
  add_executable(${name} ${arg_SOURCES})
  parley_own_code(${name})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${arg_LINKS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} TEST_PREFIX "${label}: " DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${label} TIMEOUT ${arg_TIMEOUT} RUN_SERIAL $<BOOL:${arg_SERIAL}>)
endfunction()

# parley_python_test(<name> SCRIPT f.py [ARGUMENTS ...] [TIMEOUT seconds] [LONG])
#
# A test that is a Python program, `<folder>: <name>`. codegen/ is on its path. LONG tests begin
# first, so that the run does not wait for them at the end.
function(parley_python_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "LONG" "SCRIPT;TIMEOUT" "ARGUMENTS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SCRIPT)
    message(FATAL_ERROR "parley_python_test(${name}): SCRIPT is needed; unknown: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  cmake_path(ABSOLUTE_PATH arg_SCRIPT BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME label)
  add_test(NAME "${label}: ${name}" COMMAND "${PARLEY_PYTHON}" "${arg_SCRIPT}" ${arg_ARGUMENTS})
  set_tests_properties("${label}: ${name}" PROPERTIES LABELS ${label} TIMEOUT ${arg_TIMEOUT}
    ENVIRONMENT "PYTHONPATH=${PROJECT_SOURCE_DIR}/codegen;PYTHONDONTWRITEBYTECODE=1")
  if(arg_LONG)
    set_tests_properties("${label}: ${name}" PROPERTIES COST 100)
  endif()
endfunction()

# Code that is never run is compiled without optimisation.
function(parley_never_run target)
  target_compile_options(${target} PRIVATE -O0 -g0)
  if(PARLEY_SANITIZE)
    target_compile_options(${target} PRIVATE -fno-sanitize=all)
  endif()
endfunction()

# parley_must_not_compile(<name> SOURCE f.cpp ERROR <regex> [LINKS ...])
#
# f.cpp compiles unchanged. With PARLEY_WRONG defined it must not compile, and a line of the
# compiler's output must match the regex (Python's).
function(parley_must_not_compile name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCE;ERROR" "LINKS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCE OR NOT arg_ERROR)
    message(FATAL_ERROR "parley_must_not_compile(${name}): SOURCE and ERROR are needed; unknown: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  add_library(${name} OBJECT ${arg_SOURCE})
  parley_own_code(${name})
  parley_never_run(${name})
  target_link_libraries(${name} PRIVATE ${arg_LINKS})
  set_target_properties(${name} PROPERTIES EXPORT_COMPILE_COMMANDS ON)
  cmake_path(ABSOLUTE_PATH arg_SOURCE BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  add_test(NAME "compile: ${name}" COMMAND "${PARLEY_PYTHON}" "${PROJECT_SOURCE_DIR}/tests/compile/must_not_compile.py"
    "${CMAKE_BINARY_DIR}" "${arg_SOURCE}" "${arg_ERROR}")
  set_tests_properties("compile: ${name}" PROPERTIES LABELS compile TIMEOUT 60)
endfunction()

# parley_headers_alone(<name> HEADERS <path as included>... [LINKS ...])
#
# Each header is compiled as a separate translation unit, so it must include what it needs. Building
# the target is the test.
function(parley_headers_alone name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;LINKS")
  set(sources "")
  foreach(header IN LISTS arg_HEADERS)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${name}/${header}.cpp")
    # Included twice, to check its guard.
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include <${header}>\n#include <${header}>\n")
    list(APPEND sources "${source}")
  endforeach()
  add_library(${name} OBJECT ${sources})
  parley_own_code(${name})
  parley_never_run(${name})
  target_link_libraries(${name} PRIVATE ${arg_LINKS})
endfunction()

# The libraries that a program without sanitizers, such as Python, must load before a sanitized
# library. "none" if that is not possible, because only GCC's sanitizers support it.
set(PARLEY_SANITIZER_RUNTIME "")
if(PARLEY_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=libasan.so OUTPUT_VARIABLE PARLEY_SANITIZER_RUNTIME OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(APPEND PARLEY_SANITIZER_RUNTIME ":libstdc++.so.6")  # ASan intercepts its exceptions
elseif(PARLEY_SANITIZE)
  set(PARLEY_SANITIZER_RUNTIME none)
endif()
