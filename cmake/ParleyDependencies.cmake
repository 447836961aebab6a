# What Parley needs, each with the Debian package that has it. Everything missing is told at once.

set(parley_missing "")
function(parley_need found what package)
  if(NOT found)
    set(parley_missing "${parley_missing}\n  ${what}: apt-get install ${package}" PARENT_SCOPE)
  endif()
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_package(Asio 1.22 QUIET)
parley_need("${Asio_FOUND}" "Asio >= 1.22, < 1.33 (websocketpp uses what 1.33 removed)" libasio-dev)
find_package(websocketpp 0.8.2 QUIET CONFIG)
parley_need("${websocketpp_FOUND}" "websocketpp 0.8.2" libwebsocketpp-dev)
find_package(FlatBuffers QUIET CONFIG NAMES FlatBuffers Flatbuffers flatbuffers)
parley_need("${FlatBuffers_FOUND}" "FlatBuffers >= 2.0.8" libflatbuffers-dev)
find_package(simdjson QUIET CONFIG)
parley_need("${simdjson_FOUND}" "simdjson >= 3.0" libsimdjson-dev)

find_program(PARLEY_PROTOC protoc DOC "The Protobuf compiler")
parley_need("${PARLEY_PROTOC}" "protoc, the Protobuf compiler" protobuf-compiler)
include(ParleyPython)
parley_find_python(PARLEY_PYTHON)
parley_need("${PARLEY_PYTHON}" "a Python 3 with Jinja2 and protobuf (or set PARLEY_PYTHON)" "python3 python3-jinja2 python3-protobuf")

if(PARLEY_BUILD_TESTS)
  find_package(GTest QUIET CONFIG)
  parley_need("${GTest_FOUND}" "GoogleTest and GoogleMock" "libgtest-dev libgmock-dev")
  find_package(Protobuf QUIET MODULE)
  parley_need("${Protobuf_FOUND}" "libprotobuf, the oracle of the codec tests" libprotobuf-dev)
  find_program(PARLEY_FLATC flatc DOC "The FlatBuffers compiler")
  parley_need("${PARLEY_FLATC}" "flatc, the FlatBuffers compiler" flatbuffers-compiler)
endif()

if(parley_missing)
  message(FATAL_ERROR "Parley does not find everything it needs:${parley_missing}")
endif()
