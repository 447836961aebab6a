# Finds protoc, and checks that it finds google/protobuf/*.proto, which every schema imports. Debian
# has those in another package.

# Sets <out> to whether protoc finds them.
function(parley_protoc_has_includes protoc out)
  set(${out} FALSE PARENT_SCOPE)
  if(EXISTS "${protoc}")
    execute_process(COMMAND "${protoc}" --descriptor_set_out=/dev/null google/protobuf/descriptor.proto google/protobuf/empty.proto
      RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
    if(status EQUAL 0)
      set(${out} TRUE PARENT_SCOPE)
    endif()
  endif()
endfunction()
