# parley_generate: from .proto files to a library with types, codecs, clients and server interfaces.
#
#   find_package(Parley REQUIRED COMPONENTS runtime generator)
#   parley_generate(TARGET chat_api PROTOS proto/chat/v1/chat.proto IMPORT_DIRS proto)
#   target_link_libraries(chat_server PRIVATE chat_api)      # and #include "chat/v1/chat.server.hpp"
#
#   TARGET t             If there is no target t, a static library of that name linked to parley::runtime is made; otherwise the generated
#                        sources are added to t, which may have been made in another directory.
#   PROTOS f...          Absolute, or relative to the current source directory or to one of IMPORT_DIRS. May lie anywhere.
#   IMPORT_DIRS d...     Where imports are looked up; a schema's outputs lie below OUT_DIR as the schema lies below its import directory.
#                        Default: the current source directory. parley/options.proto and google/protobuf/* are always found.
#   OUT_DIR d            Default: generated/<target> in the current binary directory.
#   LOCK update|check|read
#                        What happens to the lock file beside each schema, which keeps binary ids and accepted shapes stable: `update`
#                        (default) writes what a compatible change adds, `check` fails when something would have to be written, `read`
#                        never writes and never fails for that.
#   PLUGIN_OPTIONS o...  More parameters for protoc-gen-parley.
#   PROTOC exe           Default: the protoc that was found. It has to run on the machine that builds.
#   GENERATOR exe        Another protoc-gen-parley. Default: the one that belongs to this Parley.
#   USAGE_REQUIREMENT PRIVATE|PUBLIC|INTERFACE
#                        Who gets the include directory and parley::runtime. Default: PUBLIC.
#   OUT_VAR v            Set to the list of generated files.
#
# A schema that imports another one needs that one generated too: in the same target, or in one that this target links.
# Editing a schema, what it imports, its lock file or the generator regenerates what depends on it, and only changed files are written.

# The policies of a caller that asks for an old CMake shall not change what happens here (depfiles of Makefiles: CMP0116).
cmake_policy(PUSH)
cmake_policy(VERSION 3.25)

function(parley_generate)
  set(options "")
  set(one TARGET OUT_DIR LOCK PROTOC GENERATOR USAGE_REQUIREMENT OUT_VAR)
  set(many PROTOS IMPORT_DIRS PLUGIN_OPTIONS)
  cmake_parse_arguments(PARSE_ARGV 0 arg "${options}" "${one}" "${many}")
  _parley_check_arguments("${one};${many}")

  foreach(directory IN LISTS arg_IMPORT_DIRS)
    cmake_path(ABSOLUTE_PATH directory BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    if(NOT IS_DIRECTORY "${directory}")
      message(FATAL_ERROR "parley_generate(${arg_TARGET}): the import directory ${directory} does not exist.")
    endif()
    string(REGEX REPLACE "(.)/$" "\\1" directory "${directory}")
    list(APPEND import_dirs "${directory}")
  endforeach()
  cmake_path(ABSOLUTE_PATH arg_OUT_DIR BASE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}" NORMALIZE)
  file(MAKE_DIRECTORY "${arg_OUT_DIR}")  # an include directory has to exist

  _parley_generator_command("${import_dirs}" command)
  # The ids of an imported message stand in the lock file beside the imported schema, so the generator looks in all directories.
  list(TRANSFORM import_dirs PREPEND "--opt=lock_root=" OUTPUT_VARIABLE lock_roots)
  set(stamps "")
  set(outputs "")
  foreach(proto IN LISTS arg_PROTOS)
    _parley_find_proto("${proto}" "${import_dirs}" file directory name)
    _parley_expected_outputs("${file}" "${name}" expected)
    list(TRANSFORM expected PREPEND "${arg_OUT_DIR}/" OUTPUT_VARIABLE files)
    string(MAKE_C_IDENTIFIER "${arg_TARGET}/${name}" id)
    set(stamp "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/parley/${id}.stamp")
    list(TRANSFORM expected PREPEND "--expect=" OUTPUT_VARIABLE expect)
    # The stamp is the output; the files may keep their old time when nothing in them changed.
    add_custom_command(
      OUTPUT "${stamp}"
      BYPRODUCTS ${files}
      COMMAND ${command} --proto "${name}" --out "${arg_OUT_DIR}" ${lock_roots} --opt "lock=${arg_LOCK}"
              --stamp "${stamp}" --depfile "${stamp}.d" ${expect}
      DEPENDS "${file}"
      DEPFILE "${stamp}.d"
      COMMENT "Parley: ${name}"
      VERBATIM)
    # Whether there are services decides what comes out.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    list(APPEND stamps "${stamp}")
    list(APPEND outputs ${files})
  endforeach()

  _parley_add_to_target("${outputs}" "${stamps}")
  if(arg_OUT_VAR)
    set(${arg_OUT_VAR} "${outputs}" PARENT_SCOPE)
  endif()
endfunction()

# Everything below works on the caller's arg_ variables.

macro(_parley_check_arguments keywords)
  list(JOIN arg_UNPARSED_ARGUMENTS " " unknown)
  if(NOT unknown STREQUAL "")
    string(REPLACE ";" " " known "${keywords}")
    message(FATAL_ERROR "parley_generate: unknown argument: ${unknown}. It knows: ${known}.")
  endif()
  foreach(keyword IN LISTS arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "parley_generate: ${keyword} stands there without a value.")
  endforeach()
  if(NOT arg_TARGET)
    message(FATAL_ERROR "parley_generate: TARGET is missing: the library that gets the generated code.")
  endif()
  if(NOT arg_PROTOS)
    message(FATAL_ERROR "parley_generate(${arg_TARGET}): PROTOS is missing: the schemas to generate code for.")
  endif()
  # A misspelt keyword ends up in the list before it.
  foreach(item IN LISTS arg_PROTOS)
    if(NOT item MATCHES "\\.proto$")
      string(REPLACE ";" " " known "${keywords}")
      message(FATAL_ERROR "parley_generate(${arg_TARGET}): ${item} is neither a .proto file nor an argument it knows: ${known}.")
    endif()
  endforeach()
  if(TARGET ${arg_TARGET})
    get_target_property(aliased ${arg_TARGET} ALIASED_TARGET)
    get_target_property(imported ${arg_TARGET} IMPORTED)
    get_target_property(type ${arg_TARGET} TYPE)
    if(aliased OR imported OR type MATCHES "^(INTERFACE_LIBRARY|UTILITY)$")
      message(FATAL_ERROR "parley_generate: the target ${arg_TARGET} compiles nothing (it is an alias, imported, an INTERFACE library or a "
        "custom target); name a library or an executable, or a new name.")
    endif()
  endif()
  if(NOT arg_LOCK)
    set(arg_LOCK update)
  elseif(NOT arg_LOCK MATCHES "^(update|check|read)$")
    message(FATAL_ERROR "parley_generate(${arg_TARGET}): LOCK is update, check or read, not ${arg_LOCK}.")
  endif()
  if(NOT arg_USAGE_REQUIREMENT)
    set(arg_USAGE_REQUIREMENT PUBLIC)
  elseif(NOT arg_USAGE_REQUIREMENT MATCHES "^(PRIVATE|PUBLIC|INTERFACE)$")
    message(FATAL_ERROR "parley_generate(${arg_TARGET}): USAGE_REQUIREMENT is PRIVATE, PUBLIC or INTERFACE, not ${arg_USAGE_REQUIREMENT}.")
  endif()
  if(NOT arg_IMPORT_DIRS)
    set(arg_IMPORT_DIRS "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  if(NOT arg_OUT_DIR)
    set(arg_OUT_DIR "generated/${arg_TARGET}")
  endif()
endmacro()

# The part of the command line that is the same for every schema of a call.
function(_parley_generator_command import_dirs result)
  get_property(python GLOBAL PROPERTY PARLEY_GENERATE_PYTHON)
  get_property(protoc GLOBAL PROPERTY PARLEY_GENERATE_PROTOC)
  get_property(plugin GLOBAL PROPERTY PARLEY_GENERATE_PLUGIN)
  get_property(watch GLOBAL PROPERTY PARLEY_GENERATE_WATCH)
  get_property(options_dir GLOBAL PROPERTY PARLEY_GENERATE_PROTO_DIR)
  if(arg_PROTOC)
    set(protoc "${arg_PROTOC}")
  endif()
  if(arg_GENERATOR)
    set(plugin "${arg_GENERATOR}")
    set(watch "")
  endif()
  if(NOT python)
    message(FATAL_ERROR "parley_generate(${arg_TARGET}): no Python 3 with Jinja2 and protobuf was found. On Debian: apt-get install "
      "python3-jinja2 python3-protobuf. Or set PARLEY_PYTHON to one that has them.")
  endif()
  if(NOT protoc)
    message(FATAL_ERROR "parley_generate(${arg_TARGET}): protoc was not found. On Debian: apt-get install protobuf-compiler "
      "libprotobuf-dev. Or set PARLEY_PROTOC, or give PROTOC.")
  endif()
  foreach(tool IN ITEMS "${protoc}" "${plugin}")
    if(NOT EXISTS "${tool}" AND NOT tool MATCHES "^\\$<")
      message(FATAL_ERROR "parley_generate(${arg_TARGET}): the program ${tool} does not exist; give its whole path.")
    endif()
  endforeach()
  set(command "${python}" "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/parley_generate.py" --protoc "${protoc}" --plugin "${plugin}")
  foreach(directory IN LISTS watch)
    list(APPEND command --watch "${directory}")
  endforeach()
  foreach(directory IN LISTS import_dirs ITEMS "${options_dir}")
    if(directory MATCHES "[,:]")
      message(FATAL_ERROR "parley_generate(${arg_TARGET}): protoc cannot be told of ${directory}: it splits such paths at ',' and ':'.")
    endif()
    list(APPEND command --import-dir "${directory}")
  endforeach()
  foreach(option IN LISTS arg_PLUGIN_OPTIONS)
    list(APPEND command --opt "${option}")
  endforeach()
  set(${result} "${command}" PARENT_SCOPE)
endfunction()

# The absolute path of a schema, the import directory it lies in, and its name below it.
function(_parley_find_proto proto import_dirs file_result directory_result name_result)
  foreach(base IN ITEMS "${CMAKE_CURRENT_SOURCE_DIR}" ${import_dirs})
    cmake_path(ABSOLUTE_PATH proto BASE_DIRECTORY "${base}" NORMALIZE OUTPUT_VARIABLE file)
    if(EXISTS "${file}")
      break()
    endif()
  endforeach()
  if(NOT EXISTS "${file}")
    message(FATAL_ERROR "parley_generate(${arg_TARGET}): ${proto} does not exist, neither in ${CMAKE_CURRENT_SOURCE_DIR} nor in an import "
      "directory.")
  endif()
  foreach(directory IN LISTS import_dirs)
    cmake_path(IS_PREFIX directory "${file}" is_below)
    if(is_below)
      cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${directory}" OUTPUT_VARIABLE name)
      set(${file_result} "${file}" PARENT_SCOPE)
      set(${directory_result} "${directory}" PARENT_SCOPE)
      set(${name_result} "${name}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  list(JOIN import_dirs ", " searched)
  message(FATAL_ERROR "parley_generate(${arg_TARGET}): ${file} lies in none of the import directories (${searched}); name in IMPORT_DIRS the "
    "one that imports of it start from.")
endfunction()

# protoc is not asked: it would have to run at configure time, and a schema with a mistake would stop even that.
function(_parley_expected_outputs file name result)
  cmake_path(REMOVE_EXTENSION name LAST_ONLY OUTPUT_VARIABLE stem)
  set(expected "${stem}.types.hpp" "${stem}.codec.hpp" "${stem}.codec.cpp" "${stem}.fbs")
  file(READ "${file}" text)
  string(REPLACE ";" " " text "${text}")
  string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/|//[^\n]*" " " text "${text}")
  if(text MATCHES "(^|[\n} ])[ \t]*service[ \t\r\n]+[A-Za-z_][A-Za-z_0-9]*[ \t\r\n]*{")
    list(APPEND expected "${stem}.client.hpp" "${stem}.server.hpp")
  endif()
  set(${result} "${expected}" PARENT_SCOPE)
endfunction()

function(_parley_add_to_target outputs stamps)
  if(NOT TARGET ${arg_TARGET})
    add_library(${arg_TARGET} STATIC)
    set_target_properties(${arg_TARGET} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  endif()
  # A target of its own, and not a rule of arg_TARGET's: this also works for targets of other directories and for every generator.
  set(generate ${arg_TARGET}_generate)
  set(number 1)
  while(TARGET ${generate})
    math(EXPR number "${number} + 1")
    set(generate ${arg_TARGET}_generate${number})
  endwhile()
  add_custom_target(${generate} DEPENDS ${stamps})
  add_dependencies(${arg_TARGET} ${generate})
  set(sources ${outputs})
  list(FILTER sources INCLUDE REGEX "\\.[ch]pp$")
  target_sources(${arg_TARGET} PRIVATE ${sources})
  # Codecs of one package name their local helpers alike.
  set_source_files_properties(${sources} TARGET_DIRECTORY ${arg_TARGET} PROPERTIES GENERATED TRUE SKIP_UNITY_BUILD_INCLUSION TRUE)
  target_include_directories(${arg_TARGET} ${arg_USAGE_REQUIREMENT} "$<BUILD_INTERFACE:${arg_OUT_DIR}>")
  target_link_libraries(${arg_TARGET} ${arg_USAGE_REQUIREMENT} parley::runtime)
  if(arg_USAGE_REQUIREMENT STREQUAL "INTERFACE")  # the generated sources themselves need both, too
    target_include_directories(${arg_TARGET} PRIVATE "$<BUILD_INTERFACE:${arg_OUT_DIR}>")
    target_link_libraries(${arg_TARGET} PRIVATE parley::runtime)
  endif()
endfunction()

cmake_policy(POP)
