# Warnings, hardening and sanitizers for our own targets, as one interface library.
add_library(innernet_flags INTERFACE)

set(warnings -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wvla -Wimplicit-fallthrough)
set(c_warnings -Wstrict-prototypes -Wmissing-prototypes)
target_compile_options(innernet_flags INTERFACE
  ${warnings}
  $<$<COMPILE_LANGUAGE:C>:${c_warnings}>
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti>
  $<$<BOOL:${INNERNET_WERROR}>:-Werror>)
target_compile_definitions(innernet_flags INTERFACE _GNU_SOURCE)

if(INNERNET_SANITIZE)
  target_compile_options(innernet_flags INTERFACE
    -fsanitize=${INNERNET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(innernet_flags INTERFACE -fsanitize=${INNERNET_SANITIZE})
else()
  target_compile_options(innernet_flags INTERFACE -fstack-protector-strong -fstack-clash-protection
    $<$<CONFIG:Release>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
  target_link_options(innernet_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections)
  target_compile_options(innernet_flags INTERFACE -ffunction-sections -fdata-sections)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
