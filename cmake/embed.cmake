# fairlead_embed_connectors(TARGET DIRECTORY): puts every DIRECTORY/<slug>/connector.yaml, and its icon.svg where
# there is one, into the target, with the table that connector/embedded.hpp promises. Files that come or go are
# noticed by the next build, as are changes to them.
function(fairlead_embed_connectors target directory)
  file(GLOB definitions CONFIGURE_DEPENDS ${directory}/*/connector.yaml)
  list(SORT definitions)
  set(data "\t.section .rodata.connectors,\"a\",@progbits\n")
  set(declarations "")
  set(rows "")
  set(files "")
  set(number 0)
  foreach(definition IN LISTS definitions)
    cmake_path(GET definition PARENT_PATH folder)
    cmake_path(GET folder FILENAME slug)
    set(row "    {\"${slug}\"")
    foreach(kind connector.yaml icon.svg)
      set(file ${folder}/${kind})
      string(MAKE_C_IDENTIFIER "fairlead_embedded_${number}_${kind}" symbol)
      string(APPEND data "\t.hidden ${symbol}\n\t.globl ${symbol}\n\t.hidden ${symbol}_end\n\t.globl ${symbol}_end\n${symbol}:\n")
      if(EXISTS ${file})
        string(APPEND data "\t.incbin \"${file}\"\n")
        list(APPEND files ${file})
      endif()
      string(APPEND data "${symbol}_end:\n\t.byte 0\n")
      string(APPEND declarations "extern const char ${symbol}[], ${symbol}_end[];\n")
      string(APPEND row ", {${symbol}, ${symbol}_end}")
    endforeach()
    string(APPEND rows "${row}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  string(APPEND data "\t.section .note.GNU-stack,\"\",@progbits\n")

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/embedded)
  file(CONFIGURE OUTPUT ${folder}/connectors.S CONTENT "${data}" @ONLY)
  file(CONFIGURE OUTPUT ${folder}/connectors.cpp @ONLY CONTENT "// Written by cmake/embed.cmake.
#include \"connector/embedded.hpp\"

extern \"C\" {
${declarations}}

namespace fairlead::connector {

const std::vector<EmbeddedConnector>& embedded_connectors() {
  static const std::vector<EmbeddedConnector> table = {
${rows}  };
  return table;
}

}  // namespace fairlead::connector
")
  set_source_files_properties(${folder}/connectors.S PROPERTIES OBJECT_DEPENDS "${files}")
  target_sources(${target} PRIVATE ${folder}/connectors.S ${folder}/connectors.cpp)
endfunction()
