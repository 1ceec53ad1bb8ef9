# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Nothing depends on the CPU: all goes to include and share.
include(CMakePackageConfigHelpers)

set(package ${PROJECT_BINARY_DIR}/package)
file(WRITE ${package}/inval-config.cmake
	"include(\${CMAKE_CURRENT_LIST_DIR}/inval-targets.cmake)\n")
write_basic_package_version_file(${package}/inval-config-version.cmake
	COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
file(CONFIGURE OUTPUT ${package}/inval.pc @ONLY CONTENT [[
prefix=${pcfiledir}/../..

Name: inval
Description: @PROJECT_DESCRIPTION@
Version: @PROJECT_VERSION@
Cflags: -I${prefix}/include
]])

install(TARGETS inval EXPORT inval-targets)
install(EXPORT inval-targets NAMESPACE inval:: DESTINATION share/cmake/inval)
install(FILES ${package}/inval-config.cmake ${package}/inval-config-version.cmake
	DESTINATION share/cmake/inval)
install(FILES ${package}/inval.pc DESTINATION share/pkgconfig)
install(DIRECTORY include/ DESTINATION include FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_BINARY_DIR}/single/inval.h DESTINATION share/inval/single)
install(FILES LICENSE DESTINATION share/inval)

if(PROJECT_IS_TOP_LEVEL)
	add_custom_target(uninstall
		COMMAND ${CMAKE_COMMAND} -D manifest=${PROJECT_BINARY_DIR}/install_manifest.txt
			-P ${PROJECT_SOURCE_DIR}/.cmake/uninstall.cmake
		VERBATIM)
endif()
