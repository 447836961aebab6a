# parley_generate: from .proto files to a library with types, codecs, clients and server interfaces.
#
#   find_package(Parley REQUIRED COMPONENTS runtime generator)
#   parley_generate(TARGET chat_api PROTOS proto/chat/v1/chat.proto IMPORT_DIRS proto)
#   target_link_libraries(chat_server PRIVATE chat_api)      # and #include "chat/v1/chat.server.hpp"
#
#   TARGET t             If there is no target t, a static library of that name is made and linked to
#                        parley::runtime. Otherwise the generated sources are added to t, which may have
#                        been made in another directory.
#   PROTOS f...          Absolute, or relative to the current source directory or to one of IMPORT_DIRS.
#                        They may be in any folder.
#   IMPORT_DIRS d...     The folders in which imports are searched. The outputs of a schema have the same
#                        place below OUT_DIR as the schema has below its import directory.
#                        Default: the current source directory. parley/options.proto and
#                        google/protobuf/* are always found.
#   OUT_DIR d            Default: generated/<target> in the current binary directory.
#   LOCK update|check|read
#                        The use of the lock file next to each schema, which keeps binary ids and accepted
#                        shapes stable. `update` (default) writes what a compatible change adds. `check`
#                        fails if something would have to be written. `read` never writes and never fails
#                        for that reason.
#   PLUGIN_OPTIONS o...  More parameters for protoc-gen-parley.
#   PROTOC exe           Default: the protoc that was found. It must run on the machine that builds.
#   GENERATOR exe        Another protoc-gen-parley. Default: the one that belongs to this Parley.
#   USAGE_REQUIREMENT PRIVATE|PUBLIC|INTERFACE
#                        The targets that get the include directory and parley::runtime. Default: PUBLIC.
#   OUT_VAR v            Set to the list of generated files.
#
# A schema that uses types of another one requires that the other one is generated too, in the same
# target or in one that this target links. When CMake has read the whole project, it reports what is
# missing. Schemas of one call are checked together, so two services with one wire name are found.
# If a schema, its imports, its lock file or the generator changes, the files that depend on it are
# generated again, and only changed files are written.

# The policies of a caller that asks for an old CMake must not change the behaviour here (depfiles
# of Makefiles: CMP0116).
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
  # The ids of an imported message are in the lock file beside the imported schema, so the generator
  # searches all directories.
  list(TRANSFORM import_dirs PREPEND "--opt=lock_root=" OUTPUT_VARIABLE lock_roots)
  set(stamp_dir "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/parley/${arg_TARGET}")
  get_property(generated GLOBAL PROPERTY PARLEY_GENERATED_FOR_${arg_TARGET})
  set(stamps "")
  set(outputs "")
  set(schemas "")
  set(names "")
  foreach(proto IN LISTS arg_PROTOS)
    _parley_find_proto("${proto}" "${import_dirs}" file directory name)
    if(name IN_LIST generated)
      message(FATAL_ERROR "parley_generate(${arg_TARGET}): ${name} is generated for this target already, by another call.")
    endif()
    if(NOT name IN_LIST names)
      list(APPEND schemas "${file}")
      list(APPEND names "${name}")
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY PARLEY_GENERATED_FOR_${arg_TARGET} ${names})
  _parley_ask_protoc("${names}" "${import_dirs}" contents)
  foreach(file name IN ZIP_LISTS schemas names)
    _parley_expected_outputs("${contents}" "${name}" expected optional)
    list(TRANSFORM expected PREPEND "${arg_OUT_DIR}/" OUTPUT_VARIABLE files)
    set(stamp "${stamp_dir}/${name}.stamp")
    list(TRANSFORM expected PREPEND "--expect=" OUTPUT_VARIABLE expect)
    list(TRANSFORM optional PREPEND "--optional=" OUTPUT_VARIABLE optional)
    # The stamp is the output. The files may keep their old time if their contents did not change.
    add_custom_command(
      OUTPUT "${stamp}"
      BYPRODUCTS ${files}
      COMMAND ${command} --proto "${name}" --out "${arg_OUT_DIR}" ${lock_roots} --opt "lock=${arg_LOCK}"
              --stamp "${stamp}" --depfile "${stamp}.d" ${expect} ${optional}
      DEPENDS "${file}"
      DEPFILE "${stamp}.d"
      COMMENT "Parley: ${name}"
      VERBATIM)
    # The outputs depend on whether the schema has services.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    list(APPEND stamps "${stamp}")
    list(APPEND outputs ${files})
    _parley_note_imports("${contents}" "${name}")
  endforeach()

  _parley_add_to_target("${outputs}" "${stamps}" "${names}" generate)
  list(LENGTH names count)
  if(count GREATER 1 AND NOT arg_GENERATOR)
    _parley_check_together("${command}" "${schemas}" "${names}" "${stamp_dir}" ${generate})
  endif()
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
    message(FATAL_ERROR "parley_generate: ${keyword} has no value.")
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
      message(FATAL_ERROR "parley_generate(${arg_TARGET}): protoc cannot use the directory ${directory}, because it splits such paths at ',' and ':'.")
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

# The contents of the schemas according to protoc, as JSON: name -> whether it has services, and the
# schemas whose types it uses. A schema with an error is not included. The build reports the error,
# and CMake runs again after it is corrected. Empty if protoc itself is not built yet.
function(_parley_ask_protoc names import_dirs result)
  set(${result} "" PARENT_SCOPE)
  get_property(python GLOBAL PROPERTY PARLEY_GENERATE_PYTHON)
  get_property(protoc GLOBAL PROPERTY PARLEY_GENERATE_PROTOC)
  get_property(options_dir GLOBAL PROPERTY PARLEY_GENERATE_PROTO_DIR)
  if(arg_PROTOC)
    set(protoc "${arg_PROTOC}")
  endif()
  if(protoc MATCHES "^\\$<")
    return()
  endif()
  list(TRANSFORM import_dirs PREPEND "--import-dir=")
  list(TRANSFORM names PREPEND "--proto=")
  execute_process(
    COMMAND "${python}" "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/parley_generate.py" --describe --protoc "${protoc}" ${import_dirs}
            "--import-dir=${options_dir}" ${names}
    OUTPUT_VARIABLE contents RESULT_VARIABLE status ERROR_VARIABLE said)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "parley_generate(${arg_TARGET}): protoc could not read the schemas:\n${said}")
  endif()
  set(${result} "${contents}" PARENT_SCOPE)
endfunction()

# The outputs of a schema. If protoc could not be called, also those of them that may turn out to be
# unnecessary.
function(_parley_expected_outputs contents name result optional_result)
  cmake_path(REMOVE_EXTENSION name LAST_ONLY OUTPUT_VARIABLE stem)
  set(expected "${stem}.types.hpp" "${stem}.codec.hpp" "${stem}.codec.cpp" "${stem}.fbs")
  set(of_services "${stem}.client.hpp" "${stem}.server.hpp")
  set(${optional_result} "" PARENT_SCOPE)
  if(contents STREQUAL "")
    list(APPEND expected ${of_services})
    set(${optional_result} "${of_services}" PARENT_SCOPE)
  else()
    string(JSON services ERROR_VARIABLE unknown GET "${contents}" "${name}" services)
    if(services STREQUAL "ON")
      list(APPEND expected ${of_services})
    endif()
  endif()
  set(${result} "${expected}" PARENT_SCOPE)
endfunction()

# Remembers the schemas that must be generated too. The links between targets are known at the end
# of the project.
function(_parley_note_imports contents name)
  string(JSON count ERROR_VARIABLE unknown LENGTH "${contents}" "${name}" imports)
  if(contents STREQUAL "" OR NOT count MATCHES "^[1-9]")
    return()
  endif()
  math(EXPR last "${count} - 1")
  foreach(i RANGE ${last})
    string(JSON import GET "${contents}" "${name}" imports ${i})
    set_property(GLOBAL APPEND PROPERTY PARLEY_IMPORTS "${arg_TARGET}|${name}|${import}")
  endforeach()
  get_property(is_deferred GLOBAL PROPERTY PARLEY_IMPORTS_ARE_CHECKED)
  if(NOT is_deferred)
    set_property(GLOBAL PROPERTY PARLEY_IMPORTS_ARE_CHECKED TRUE)
    cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL _parley_check_imports)
  endif()
endfunction()

function(_parley_check_imports)
  get_property(imports GLOBAL PROPERTY PARLEY_IMPORTS)
  _parley_imported_targets(imported "${CMAKE_SOURCE_DIR}")
  foreach(entry IN LISTS imports)
    string(REPLACE "|" ";" entry "${entry}")
    list(GET entry 0 target)
    list(GET entry 1 name)
    list(GET entry 2 import)
    _parley_generated_below(${target} "${imported}" generated all_is_known)
    if(all_is_known AND NOT import IN_LIST generated)
      message(SEND_ERROR "parley_generate(${target}): ${name} uses types of ${import}, which is not generated: add it to PROTOS, or link "
        "${target} to the target that generates it.")
    endif()
  endforeach()
endfunction()

# The names of the targets that are imported in a directory and in those below it. They are not
# visible as targets elsewhere.
function(_parley_imported_targets result directory)
  get_property(found DIRECTORY "${directory}" PROPERTY IMPORTED_TARGETS)
  get_property(below DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
  foreach(subdirectory IN LISTS below)
    _parley_imported_targets(more "${subdirectory}")
    list(APPEND found ${more})
  endforeach()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

# The schemas that are generated for a target and for the targets that it links, including those of
# installed targets, and whether all linked targets could be examined. A target that is imported in
# another directory could not. `imported` has the names of these, because a name that is not a
# target may also be a library file.
function(_parley_generated_below target imported result is_known_result)
  set(generated "")
  set(is_known TRUE)
  set(work ${target})
  set(seen ${target})
  while(work)
    list(POP_FRONT work current)
    get_target_property(names ${current} PARLEY_GENERATED)
    if(names)
      list(APPEND generated ${names})
    endif()
    foreach(property IN ITEMS LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(linked ${current} ${property})
      # Finds names inside generator expressions too: $<LINK_ONLY:name>.
      string(REGEX REPLACE "([^:]):([^:])" "\\1;\\2" linked "${linked}")
      string(REGEX MATCHALL "[A-Za-z0-9_.+:-]+" linked "${linked}")
      foreach(name IN LISTS linked)
        if(name IN_LIST seen)
          continue()
        endif()
        list(APPEND seen "${name}")
        if(TARGET ${name})
          list(APPEND work "${name}")
        elseif(name MATCHES "[^:]::[^:]" OR name IN_LIST imported)
          set(is_known FALSE)
        endif()
      endforeach()
    endforeach()
  endwhile()
  set(${result} "${generated}" PARENT_SCOPE)
  set(${is_known_result} ${is_known} PARENT_SCOPE)
endfunction()

# Each schema is generated alone, so that an edit costs one run. The rules that concern several
# schemas are checked in one run over all of them and before any of them, because a refused schema
# must not leave a lock file.
function(_parley_check_together command schemas names stamp_dir generate)
  string(REGEX REPLACE "_generate([0-9]*)$" "_check\\1" check "${generate}")
  list(TRANSFORM names PREPEND "--proto=")
  set(stamp "${stamp_dir}/${check}.stamp")
  add_custom_command(
    OUTPUT "${stamp}"
    COMMAND ${command} ${names} --opt lint=across --stamp "${stamp}"
    DEPENDS ${schemas}
    COMMENT "Parley: the schemas of ${arg_TARGET} together"
    VERBATIM)
  add_custom_target(${check} DEPENDS "${stamp}")
  add_dependencies(${generate} ${check})
endfunction()

function(_parley_add_to_target outputs stamps names generate_result)
  if(NOT TARGET ${arg_TARGET})
    add_library(${arg_TARGET} STATIC)
    set_target_properties(${arg_TARGET} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  endif()
  # A separate target instead of a rule of arg_TARGET, so that targets of other directories and
  # every generator work.
  set(generate ${arg_TARGET}_generate)
  set(number 1)
  while(TARGET ${generate})
    math(EXPR number "${number} + 1")
    set(generate ${arg_TARGET}_generate${number})
  endwhile()
  add_custom_target(${generate} DEPENDS ${stamps})
  set(${generate_result} ${generate} PARENT_SCOPE)
  add_dependencies(${arg_TARGET} ${generate})
  set(sources ${outputs})
  list(FILTER sources INCLUDE REGEX "\\.[ch]pp$")
  target_sources(${arg_TARGET} PRIVATE ${sources})
  # Codecs of one package use the same names for their local helpers.
  set_source_files_properties(${sources} TARGET_DIRECTORY ${arg_TARGET} PROPERTIES GENERATED TRUE SKIP_UNITY_BUILD_INCLUSION TRUE)
  set_property(TARGET ${arg_TARGET} APPEND PROPERTY PARLEY_GENERATED ${names})
  set_property(TARGET ${arg_TARGET} APPEND PROPERTY EXPORT_PROPERTIES PARLEY_GENERATED)
  target_include_directories(${arg_TARGET} ${arg_USAGE_REQUIREMENT} "$<BUILD_INTERFACE:${arg_OUT_DIR}>")
  target_link_libraries(${arg_TARGET} ${arg_USAGE_REQUIREMENT} parley::runtime)
  if(arg_USAGE_REQUIREMENT STREQUAL "INTERFACE")  # the generated sources themselves need both as well
    target_include_directories(${arg_TARGET} PRIVATE "$<BUILD_INTERFACE:${arg_OUT_DIR}>")
    target_link_libraries(${arg_TARGET} PRIVATE parley::runtime)
  endif()
endfunction()

cmake_policy(POP)
