/* An output of param bytes=N bytes that cost nothing: untouched pages, every one of them zero. */
#include "engine_kit.h"

#include <sys/mman.h>

KIT_LIFECYCLE()
KIT_ERROR("big_output: no memory")

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  const size_t size = (size_t)kit_number(params, "bytes", 4096);
  void* bytes =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == MAP_FAILED) return 12;
  pDataList node = kit_node("big", "", 0, DataPer, DataOnce);
  free(node->data);
  node->data = bytes;
  node->len = (unsigned int)size;
  kit_give(usrTag, respData, node);
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  pDataList node = *respData;
  munmap(node->data, node->len);
  node->data = NULL;
  node->len = 0;
  kit_take_back(usrTag, respData);
  return 0;
}
