/* Calls back without an error and with a list that is none: param
 * case=null|null_key|null_data|cyclic. */
#include "engine_async.h"

KIT_LIFECYCLE()
KIT_ERROR("callback_bad_list: failed")

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  static char key[] = "key", data[] = "data!";
  struct DataList node = {key, data, 5, DataText, DataOnce, NULL, NULL};
  pDataList list = &node;
  if (kit_param_is(params, "case", "null")) list = NULL;
  if (kit_param_is(params, "case", "null_key")) node.key = NULL;
  if (kit_param_is(params, "case", "null_data")) node.data = NULL;
  if (kit_param_is(params, "case", "cyclic")) node.next = &node;
  kit_call_back(callback, usrTag, list, 0);
  return 0;
}
