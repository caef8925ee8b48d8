# Targets: icc::read (headers alone), icc::icc (the shared library as well), icc::static.
get_filename_component(_icc_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET icc::read)
  add_library(icc::read INTERFACE IMPORTED)
  set_target_properties(icc::read PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${_icc_prefix}/include")
  add_library(icc::icc SHARED IMPORTED)
  set_target_properties(icc::icc PROPERTIES
    IMPORTED_LOCATION "${_icc_prefix}/lib/libicc_c.so"
    IMPORTED_NO_SONAME TRUE
    INTERFACE_INCLUDE_DIRECTORIES "${_icc_prefix}/include")
  add_library(icc::static STATIC IMPORTED)
  set_target_properties(icc::static PROPERTIES
    IMPORTED_LOCATION "${_icc_prefix}/lib/libicc_c.a"
    INTERFACE_LINK_LIBRARIES "pthread;dl;m;gcc_s"
    INTERFACE_INCLUDE_DIRECTORIES "${_icc_prefix}/include")
endif()
unset(_icc_prefix)
