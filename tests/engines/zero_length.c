/* Three nodes of length 0: data NULL, data at an address, and again NULL with an empty desc. */
#include "engine_kit.h"

KIT_LIFECYCLE()
KIT_ERROR("zero_length: failed")
KIT_EXEC_FREE()

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  pDataList null_data = kit_text("null", "");
  free(null_data->data);
  null_data->data = NULL;
  pDataList somewhere = kit_text("somewhere", "");
  pDataList with_desc = kit_text("with_desc", "");
  struct ParamList empty = {NULL, NULL, 0, NULL};
  free(with_desc->data);
  with_desc->data = NULL;
  with_desc->desc = kit_copy_desc(&empty);
  null_data->next = somewhere;
  somewhere->next = with_desc;
  kit_give(usrTag, respData, null_data);
  return 0;
}
