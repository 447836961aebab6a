# Instruction counts of the hot paths: ctest -L budget. For optimised builds only, because a
# sanitizer adds instructions.
parley_bench(bench_budget LINKS bench_samples bench_schema parley::client parley::server parley::transport
  SOURCES budget/codec_paths.cpp budget/main.cpp budget/memory_paths.cpp budget/socket_paths.cpp
          load/connection.cpp load/script.cpp load/typed_script.cpp)
target_compile_definitions(bench_budget PRIVATE
  "PARLEY_BENCH_COMPILER=\"${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${CMAKE_SYSTEM_PROCESSOR}\"")

if(NOT PARLEY_SANITIZE)
  set(budgets "${CMAKE_CURRENT_SOURCE_DIR}/budget/budgets.json")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${budgets}")
  file(READ "${budgets}" text)
  string(JSON last LENGTH "${text}" instructions)
  math(EXPR last "${last} - 1")
  foreach(index RANGE ${last})
    string(JSON path MEMBER "${text}" instructions ${index})
    add_test(NAME "budget: ${path}" COMMAND "${PARLEY_PYTHON}" "${CMAKE_CURRENT_SOURCE_DIR}/budget/check.py" $<TARGET_FILE:bench_budget>
      "${budgets}" ${path})
    set_tests_properties("budget: ${path}" PROPERTIES LABELS budget TIMEOUT 300 SKIP_RETURN_CODE 77)
  endforeach()
  add_test(NAME "budget: size of the hot functions"
    COMMAND "${PARLEY_PYTHON}" "${CMAKE_CURRENT_SOURCE_DIR}/budget/check.py" --hot $<TARGET_FILE:bench_budget>)
  set_tests_properties("budget: size of the hot functions" PROPERTIES LABELS budget SKIP_RETURN_CODE 77)
endif()
