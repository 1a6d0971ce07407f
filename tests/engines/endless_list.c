/* An output list of param nodes=N (a million if not given) empty nodes, in one block. */
#include "engine_kit.h"

static char key[] = "node";

KIT_LIFECYCLE()
KIT_ERROR("endless_list: failed")

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  const long count = kit_number(params, "nodes", 1000000);
  pDataList nodes = (pDataList)calloc((size_t)count, sizeof(struct DataList));
  for (long i = 0; i < count; ++i) {
    nodes[i].key = key;
    nodes[i].status = DataOnce;
    nodes[i].next = i + 1 < count ? &nodes[i + 1] : NULL;
  }
  kit_add(KIT_live_lists, 1);
  *respData = nodes;
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  (void)usrTag;
  kit_enter(KIT_exec_free);
  kit_add(KIT_live_lists, -1);
  free(*respData);
  return 0;
}
