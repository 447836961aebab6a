# One program for each codec, because two generators that both define a namespace bench::v1 do not
# fit into one program. Foreign codecs are built if they are installed.
add_library(bench_codec_measure STATIC codecs/measure.cpp)
parley_own_code(bench_codec_measure)
target_link_libraries(bench_codec_measure PUBLIC bench_support)

add_library(bench_samples STATIC codecs/samples.cpp)
parley_own_code(bench_samples)
target_link_libraries(bench_samples PUBLIC bench_support bench_schema)

parley_bench(bench_parley_codec SOURCES codecs/parley_codec.cpp LINKS bench_codec_measure bench_samples)

if(Protobuf_FOUND)
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/generated/protobuf")
  file(MAKE_DIRECTORY "${generated}")
  add_custom_command(OUTPUT "${generated}/bench/v1/kinds.pb.cc" "${generated}/bench/v1/kinds.pb.h" DEPENDS schema/bench/v1/kinds.proto VERBATIM
    COMMAND protobuf::protoc "--proto_path=${CMAKE_CURRENT_SOURCE_DIR}/schema" "--cpp_out=${generated}" bench/v1/kinds.proto)
  add_library(bench_protobuf_schema STATIC "${generated}/bench/v1/kinds.pb.cc")
  target_include_directories(bench_protobuf_schema SYSTEM PUBLIC "${generated}")
  target_link_libraries(bench_protobuf_schema PUBLIC protobuf::libprotobuf)
  parley_bench(bench_protobuf_codec SOURCES codecs/protobuf_codec.cpp LINKS bench_codec_measure bench_protobuf_schema)
endif()

find_program(BENCH_FLATC flatc)
if(BENCH_FLATC)
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/generated/flatbuffers")
  file(MAKE_DIRECTORY "${generated}")
  set(schema "${CMAKE_CURRENT_BINARY_DIR}/generated/bench_schema/bench/v1/kinds.fbs")
  add_custom_command(OUTPUT "${generated}/kinds_generated.h" DEPENDS "${schema}" VERBATIM
    COMMAND "${BENCH_FLATC}" --cpp --cpp-std c++17 --gen-object-api -o "${generated}" "${schema}")
  parley_bench(bench_flatbuffers_codec SOURCES codecs/flatbuffers_codec.cpp "${generated}/kinds_generated.h" LINKS bench_codec_measure)
  add_dependencies(bench_flatbuffers_codec bench_schema)
  target_include_directories(bench_flatbuffers_codec SYSTEM PRIVATE "${generated}")
  target_link_libraries(bench_flatbuffers_codec PRIVATE flatbuffers::flatbuffers)
endif()

find_path(BENCH_NLOHMANN nlohmann/json.hpp)
if(BENCH_NLOHMANN)
  parley_bench(bench_nlohmann_codec SOURCES codecs/nlohmann_codec.cpp LINKS bench_codec_measure)
endif()
