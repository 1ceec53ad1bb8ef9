# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# inval_single(DIR) writes DIR/inval.h: all parts in one header, in the order in
# which include/inval.h names them; and DIR/forward, an include directory whose
# inval/PART.h all lead to that header, so that whatever includes parts can be
# compiled against it.

# The text of one part, without what stands only once in the single header.
function(inval_single_part part done out)
	file(READ ${PROJECT_SOURCE_DIR}/include/inval/${part} text)
	string(REGEX REPLACE "^/\\* SPDX[^\n]*\n" "" text "${text}")
	string(REGEX MATCHALL "\n#include \"[a-z0-9_]+\\.h\"" siblings "${text}")
	foreach(line IN LISTS siblings)
		string(REGEX REPLACE ".*\"(.*)\"" "\\1" sibling "${line}")
		if(sibling IN_LIST done)
			string(REPLACE "${line}\n" "\n" text "${text}")
		elseif(EXISTS ${PROJECT_SOURCE_DIR}/include/inval/${sibling})
			message(FATAL_ERROR "include/inval.h must include inval/${sibling} before inval/${part}")
		endif()
	endforeach()
	set(${out} "${text}" PARENT_SCOPE)
endfunction()

function(inval_single dir)
	file(READ ${PROJECT_SOURCE_DIR}/include/inval.h text)
	set(done "")
	while(text MATCHES "\n#include \"inval/([a-z0-9_]+\\.h)\"\n")
		set(line "${CMAKE_MATCH_0}")
		set(part "${CMAKE_MATCH_1}")
		inval_single_part(${part} "${done}" body)
		string(REPLACE "${line}" "\n${body}\n" text "${text}")
		list(APPEND done ${part})
	endwhile()
	string(REGEX REPLACE "^/\\* SPDX[^\n]*\n" "" text "${text}")

	file(READ ${PROJECT_SOURCE_DIR}/LICENSE licence)
	string(REGEX REPLACE "\n" "\n * " licence "\n${licence}")
	string(REGEX REPLACE " +\n" "\n" licence "${licence}")
	string(REGEX REPLACE "\\* $" "*" licence "${licence}")
	string(PREPEND text
		"/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */\n"
		"/*\n * inval ${PROJECT_VERSION}, all parts in one header. Generated: change the parts\n"
		" * instead.\n *${licence}/\n")
	file(CONFIGURE OUTPUT ${dir}/inval.h CONTENT "@text@" @ONLY)

	file(CONFIGURE OUTPUT ${dir}/forward/inval.h CONTENT "#include \"../inval.h\"\n" @ONLY)
	file(GLOB parts RELATIVE ${PROJECT_SOURCE_DIR}/include/inval CONFIGURE_DEPENDS
		${PROJECT_SOURCE_DIR}/include/inval/*.h)
	foreach(part IN LISTS parts)
		file(CONFIGURE OUTPUT ${dir}/forward/inval/${part}
			CONTENT "#include \"../../inval.h\"\n" @ONLY)
		set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
			${PROJECT_SOURCE_DIR}/include/inval/${part})
	endforeach()
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
		${PROJECT_SOURCE_DIR}/include/inval.h ${PROJECT_SOURCE_DIR}/LICENSE)
endfunction()
