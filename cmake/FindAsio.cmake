# Asio without Boost. Debian's package has neither a CMake config nor a .pc file. If a package
# manager or the including project has defined a target asio::asio, it is used.
#
#   asio::asio     the headers and threads
#   Asio_VERSION   as in asio/version.hpp

if(TARGET asio::asio)
  get_target_property(Asio_INCLUDE_DIR asio::asio INTERFACE_INCLUDE_DIRECTORIES)
else()
  find_path(Asio_INCLUDE_DIR NAMES asio/version.hpp)
  mark_as_advanced(Asio_INCLUDE_DIR)
endif()

if(EXISTS "${Asio_INCLUDE_DIR}/asio/version.hpp")
  file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" asio_line REGEX "define ASIO_VERSION [0-9]+")
  string(REGEX REPLACE ".*ASIO_VERSION ([0-9]+).*" "\\1" asio_number "${asio_line}")
  math(EXPR asio_major "${asio_number} / 100000")
  math(EXPR asio_minor "${asio_number} / 100 % 1000")
  math(EXPR asio_patch "${asio_number} % 100")
  set(Asio_VERSION "${asio_major}.${asio_minor}.${asio_patch}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio REQUIRED_VARS Asio_INCLUDE_DIR VERSION_VAR Asio_VERSION HANDLE_VERSION_RANGE)

if(Asio_FOUND AND NOT TARGET asio::asio)
  find_package(Threads REQUIRED)
  add_library(asio::asio INTERFACE IMPORTED)
  target_include_directories(asio::asio INTERFACE "${Asio_INCLUDE_DIR}")
  target_link_libraries(asio::asio INTERFACE Threads::Threads)
endif()
