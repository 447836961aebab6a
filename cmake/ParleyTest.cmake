# How tests are declared. Every test belongs to one folder of tests/, whose name is its label: `ctest -L unit`.
include(GoogleTest)

# parley_test(<name> SOURCES ... [LINKS ...] [TIMEOUT seconds] [SERIAL])
#
# A GoogleTest program; each of its cases is a test of its own. A test that runs longer than TIMEOUT (default 60 s, enough for a
# sanitizer on a busy machine) hangs. SERIAL is for tests that measure time or memory and must run alone.
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
