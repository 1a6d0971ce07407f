/*
 * As some engines in the field: its own declarations, and fewer parameters on Exec and ExecAsync
 * than the host passes.
 */
#include <stdlib.h>
#include <string.h>

typedef struct ParamList {
  char* key;
  char* value;
  unsigned int vlen;
  struct ParamList* next;
} ParamList;

typedef struct DataList {
  char* key;
  void* data;
  unsigned int len;
  int type;
  int status;
  ParamList* desc;
  struct DataList* next;
} DataList;

typedef int (*Callback)(const void* tag, DataList* data, int ret);

static const char bytes[] = "fewer parameters";
static const char key[] = "result";

static DataList* make(void) {
  DataList* node = (DataList*)calloc(1, sizeof(DataList));
  node->key = (char*)key;
  node->data = (void*)bytes;
  node->len = sizeof(bytes) - 1;
  node->status = 3;
  return node;
}

int wrapperInit(ParamList* cfg) { return cfg == NULL ? 1 : 0; }

int wrapperFini(void) { return 0; }

const char* wrapperError(int number) { return number == 0 ? "" : "fewer_params: failed"; }

int wrapperExec(const char* tag, ParamList* params, DataList* request, DataList** response) {
  if (tag == NULL || params == NULL || request == NULL) return 2;
  *response = make();
  return 0;
}

int wrapperExecFree(const char* tag, DataList** response) {
  (void)tag;
  free(*response);
  return 0;
}

int wrapperExecAsync(const char* tag, ParamList* params, DataList* request, Callback callback) {
  if (params == NULL || request == NULL) return 2;
  DataList* node = make();
  callback(tag, node, 0);
  free(node);
  return 0;
}
