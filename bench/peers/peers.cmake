# Programs that use other libraries. Each is built only if its Debian package is installed.
# scripts/bench reports the missing ones.
find_package(Boost 1.81 QUIET)
if(Boost_FOUND)
  parley_bench(bench_beast_server SOURCES peers/beast_server.cpp LINKS Boost::headers)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(bench_beast_server PRIVATE -Wno-maybe-uninitialized)  # for warnings in Beast's headers
  endif()
endif()

if(PARLEY_TLS)
  parley_bench(bench_asio_ssl_server SOURCES peers/asio_ssl_server.cpp LINKS parley::transport OpenSSL::SSL)
endif()

# Unmodified websocketpp, built as C++17 because 0.8.2 is not valid C++20. Parley itself uses a
# repaired copy, with a transport of its own.
find_path(WEBSOCKETPP_INCLUDE_DIR websocketpp/endpoint.hpp)
add_executable(bench_websocketpp_server peers/websocketpp_server.cpp)
set_target_properties(bench_websocketpp_server PROPERTIES CXX_STANDARD 17 RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/bin")
target_compile_definitions(bench_websocketpp_server PRIVATE ASIO_STANDALONE)
target_include_directories(bench_websocketpp_server SYSTEM PRIVATE "${WEBSOCKETPP_INCLUDE_DIR}")
target_link_libraries(bench_websocketpp_server PRIVATE Threads::Threads)

find_package(Protobuf QUIET MODULE)
find_package(gRPC QUIET CONFIG)
if(Protobuf_FOUND AND gRPC_FOUND AND TARGET gRPC::grpc++ AND TARGET gRPC::grpc_cpp_plugin)
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/generated/grpc")
  file(MAKE_DIRECTORY "${generated}")
  set(sources "${generated}/echo.pb.cc" "${generated}/echo.grpc.pb.cc")
  add_custom_command(OUTPUT ${sources} "${generated}/echo.pb.h" "${generated}/echo.grpc.pb.h" DEPENDS peers/echo.proto VERBATIM
    COMMAND protobuf::protoc "--proto_path=${CMAKE_CURRENT_SOURCE_DIR}/peers" "--cpp_out=${generated}" "--grpc_out=${generated}"
            "--plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>" echo.proto)
  add_library(bench_grpc_schema STATIC ${sources})
  target_include_directories(bench_grpc_schema SYSTEM PUBLIC "${generated}")
  target_link_libraries(bench_grpc_schema PUBLIC gRPC::grpc++ protobuf::libprotobuf)
  parley_bench(bench_grpc_server SOURCES peers/grpc_server.cpp LINKS bench_grpc_schema)
  parley_bench(bench_grpc_load SOURCES peers/grpc_load.cpp LINKS bench_grpc_schema)
endif()

# Its own CMake package requires a C compiler. Clang refuses the headers of 0.9 as C++20.
find_program(BENCH_CAPNP capnp)
set(libraries "")
foreach(name IN ITEMS capnp-rpc capnp kj-async kj)
  find_library(BENCH_LIBRARY_${name} ${name})
  list(APPEND libraries "${BENCH_LIBRARY_${name}}")
endforeach()
if(BENCH_CAPNP AND NOT libraries MATCHES "NOTFOUND" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/generated/capnp")
  file(MAKE_DIRECTORY "${generated}")
  add_custom_command(OUTPUT "${generated}/echo.capnp.c++" "${generated}/echo.capnp.h" DEPENDS peers/echo.capnp VERBATIM
    COMMAND "${BENCH_CAPNP}" compile "-oc++:${generated}" "--src-prefix=${CMAKE_CURRENT_SOURCE_DIR}/peers"
            "${CMAKE_CURRENT_SOURCE_DIR}/peers/echo.capnp")
  add_library(bench_capnp_schema STATIC "${generated}/echo.capnp.c++")
  target_include_directories(bench_capnp_schema SYSTEM PUBLIC "${generated}")
  target_link_libraries(bench_capnp_schema PUBLIC ${libraries})
  parley_bench(bench_capnp_server SOURCES peers/capnp_server.cpp LINKS bench_capnp_schema)
  parley_bench(bench_capnp_load SOURCES peers/capnp_load.cpp LINKS bench_capnp_schema)
endif()
