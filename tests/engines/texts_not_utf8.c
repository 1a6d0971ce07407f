/* Every text is Latin-1, so not UTF-8: error, version, schema, keys and descs of the output. */
#include "engine_kit.h"

#include "aiges/wrapper_ext.h"

KIT_LIFECYCLE()
KIT_ERROR("Ger\xe4t fehlt")
KIT_EXEC_FREE()

const char* wrapperVersion(void) {
  kit_enter(KIT_version);
  return "Fr\xfchling";
}

const char* wrapperSchema(void) {
  kit_enter(KIT_schema);
  return "{\"titel\": \"Gr\xfc\xdf"
         "e\"}";
}

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  if (kit_number(params, "fail", 0) != 0) return 7;
  struct ParamList desc = {kit_copy_text("Gr\xf6\xdf"
                                         "e"),
                           kit_copy_text("gro\xdf"), 4, NULL};
  pDataList node = kit_text("schl\xfcssel",
                            "Stra\xdf"
                            "e");
  node->desc = kit_copy_desc(&desc);
  free(desc.key);
  free(desc.value);
  kit_give(usrTag, respData, node);
  return 0;
}
