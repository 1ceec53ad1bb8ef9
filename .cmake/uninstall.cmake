# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# cmake -D manifest=BUILD/install_manifest.txt -P uninstall.cmake
# Removes what was installed, and the directories that this leaves empty, but
# for the first level below the prefix (/usr/local/include may be empty).
if(NOT EXISTS "${manifest}")
	message(FATAL_ERROR "nothing to uninstall: no ${manifest}")
endif()
file(STRINGS "${manifest}" files)
foreach(file IN LISTS files)
	message(STATUS "Removing $ENV{DESTDIR}${file}")
	file(REMOVE "$ENV{DESTDIR}${file}")
endforeach()
foreach(file IN LISTS files)
	cmake_path(GET file PARENT_PATH dir)
	while(NOT dir MATCHES "/(include|share)$" AND IS_DIRECTORY "$ENV{DESTDIR}${dir}")
		file(GLOB left "$ENV{DESTDIR}${dir}/*" "$ENV{DESTDIR}${dir}/.*")
		list(FILTER left EXCLUDE REGEX "/\\.\\.?$")
		if(left)
			break()
		endif()
		file(REMOVE_RECURSE "$ENV{DESTDIR}${dir}")
		cmake_path(GET dir PARENT_PATH dir)
	endwhile()
endforeach()
file(REMOVE "${manifest}")
