# cmake --install: the libraries, the headers that users and generated code include, the generator,
# options.proto, and the package file for find_package(Parley). Private headers, websocketpp and its
# repair are not installed.
include(CMakePackageConfigHelpers)

set(PARLEY_INSTALL_CMAKEDIR "${CMAKE_INSTALL_LIBDIR}/cmake/Parley")
set(PARLEY_INSTALL_DATADIR "${CMAKE_INSTALL_DATADIR}/parley")

get_property(targets GLOBAL PROPERTY PARLEY_INSTALLED_TARGETS)
install(TARGETS ${targets} EXPORT ParleyTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT ParleyTargets NAMESPACE parley:: DESTINATION "${PARLEY_INSTALL_CMAKEDIR}")

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/ParleyConfig.cmake.in" "${PROJECT_BINARY_DIR}/ParleyConfig.cmake"
  INSTALL_DESTINATION "${PARLEY_INSTALL_CMAKEDIR}" PATH_VARS CMAKE_INSTALL_BINDIR PARLEY_INSTALL_DATADIR)
# Before 1.0 a minor version may break the interface of the one before.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/ParleyConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/ParleyConfig.cmake"
  "${PROJECT_BINARY_DIR}/ParleyConfigVersion.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/FindAsio.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/ParleyGenerate.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/ParleyProtoc.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/ParleyPython.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/parley_generate.py"
  DESTINATION "${PARLEY_INSTALL_CMAKEDIR}")

install(PROGRAMS "${PROJECT_SOURCE_DIR}/codegen/protoc-gen-parley" DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/codegen/protoc_gen_parley" DESTINATION "${PARLEY_INSTALL_DATADIR}/codegen"
  FILES_MATCHING PATTERN "*.py" PATTERN "*.j2" PATTERN "__pycache__" EXCLUDE)
install(FILES "${PROJECT_SOURCE_DIR}/schema/parley/options.proto" DESTINATION "${PARLEY_INSTALL_DATADIR}/proto/parley" OPTIONAL)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
