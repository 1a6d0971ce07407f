/* One output node that claims 32 MiB where only the first page of them exists. */
#include "engine_kit.h"

#include <sys/mman.h>

enum { kClaimed = 32 * 1024 * 1024 };

KIT_LIFECYCLE()
KIT_ERROR("lying_length: no memory")

int wrapperExec(KIT_EXEC_ARGUMENTS) {
  kit_enter(KIT_exec);
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char* bytes = (char*)mmap(NULL, 2 * (size_t)kClaimed, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (bytes == (char*)MAP_FAILED) return 12;
  munmap(bytes + page, 2 * (size_t)kClaimed - page);
  pDataList node = kit_node("liar", "", 0, DataPer, DataOnce);
  free(node->data);
  node->data = bytes;
  node->len = kClaimed;
  kit_give(usrTag, respData, node);
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  munmap((*respData)->data, (size_t)sysconf(_SC_PAGESIZE));
  (*respData)->data = NULL;
  (*respData)->len = 0;
  kit_take_back(usrTag, respData);
  return 0;
}
