# Makes websocketpp 0.8.2 compile as C++20.
#
# Three of its headers spell constructors and destructors with a template argument list (`~endpoint<connection,config>()`), which C++20
# no longer allows (CWG 2237) and GCC refuses. No option helps. Later upstream sources are fixed, but there is no release with them.
# Therefore the three headers are copied into the build tree without the redundant lists. The copies come first on the include path of the
# one target that uses websocketpp. When the installed websocketpp no longer needs it, this module reports that and can be removed.

# parley_websocketpp(<target>)
#
# Makes websocketpp available to the target's own sources. It is PRIVATE and SYSTEM, so users of the
# target do not see it.
function(parley_websocketpp target)
  find_path(WEBSOCKETPP_INCLUDE_DIR websocketpp/endpoint.hpp DOC "Folder that holds websocketpp/")
  mark_as_advanced(WEBSOCKETPP_INCLUDE_DIR)
  if(NOT WEBSOCKETPP_INCLUDE_DIR)
    message(FATAL_ERROR "websocketpp is missing: apt-get install libwebsocketpp-dev, or set WEBSOCKETPP_INCLUDE_DIR")
  endif()
  set(repaired "${PROJECT_BINARY_DIR}/websocketpp-cxx20")
  # The header, the class, its argument list, and the number of places in 0.8.2.
  _parley_repair_header("${repaired}" logger/basic.hpp basic "concurrency,names" 7)
  _parley_repair_header("${repaired}" endpoint.hpp endpoint "connection,config" 1)
  _parley_repair_header("${repaired}" roles/server_endpoint.hpp server "config" 3)
  target_include_directories(${target} SYSTEM BEFORE PRIVATE "${repaired}")
  target_include_directories(${target} SYSTEM PRIVATE "${WEBSOCKETPP_INCLUDE_DIR}")
endfunction()

function(_parley_repair_header folder header class arguments expected)
  set(source "${WEBSOCKETPP_INCLUDE_DIR}/websocketpp/${header}")
  set(copy "${folder}/websocketpp/${header}")
  if(NOT EXISTS "${source}")
    message(FATAL_ERROR "websocketpp in ${WEBSOCKETPP_INCLUDE_DIR} has no ${header}: Parley needs version 0.8.2")
  endif()
  # If the installed package changes, CMake must run again.
  set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")

  file(READ "${source}" text)
  # The class name with its list before a parameter list: a constructor or a destructor.
  set(pattern "([^A-Za-z0-9_])${class}<${arguments}>\\(")
  string(REGEX MATCHALL "${pattern}" places "${text}")
  list(LENGTH places found)
  if(found EQUAL 0)
    file(REMOVE "${copy}")
    message(STATUS "websocketpp/${header} needs no repair for C++20")
    return()
  endif()
  if(NOT found EQUAL expected)
    message(FATAL_ERROR "websocketpp/${header} is not the one of version 0.8.2: ${found} places to repair for C++20 instead of ${expected}. "
      "Compare ${source} with the list in cmake/WebsocketppCxx20.cmake.")
  endif()
  string(REGEX REPLACE "${pattern}" "\\1${class}(" text "${text}")
  set(before "")
  if(EXISTS "${copy}")
    file(READ "${copy}" before)
  endif()
  if(NOT before STREQUAL text)
    file(WRITE "${copy}" "${text}")
  endif()
endfunction()
