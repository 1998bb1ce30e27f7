/* windows.ui.dll stub for Wine 8: enough of Windows.UI.ViewManagement.UISettings and
   AccessibilitySettings for Qt 6.5 - 6.12 (C++/WinRT aborts the process when they are absent). */
#define COBJMACROS
#define INITGUID
#include <windows.h>
#include <objbase.h>
typedef struct { BYTE A, R, G, B; } Color;
typedef struct { INT64 value; } Token;
#define G(n,a,b,c,d,e,f,g,h,i,j,k) static const GUID n={a,b,c,{d,e,f,g,h,i,j,k}}
G(IID_Insp,0xAF86E2E0,0xB12D,0x4c6a,0x9C,0x5A,0xD7,0xAA,0x65,0x10,0x1E,0x90);
G(IID_ActF,0x00000035,0,0,0xC0,0,0,0,0,0,0,0x46);
G(IID_Agile,0x94EA2B94,0xE9CC,0x49E0,0xC0,0xFF,0xEE,0x64,0xCA,0x8F,0x5B,0x90);
G(IID_UI1,0x85361600,0x1C63,0x4627,0xBC,0xB1,0x3A,0x89,0xE0,0xBC,0x9C,0x55);
G(IID_UI2,0xBAD82401,0x2721,0x44F9,0xBB,0x91,0x2B,0xB2,0x28,0xBE,0x44,0x2F);
G(IID_UI3,0x03021BE4,0x5254,0x4781,0x81,0x94,0x51,0x68,0xF7,0xD0,0x6D,0x7B);
G(IID_UI4,0x52BB3002,0x919B,0x4D6B,0x9B,0x78,0x8D,0xD6,0x6F,0xF4,0xB9,0x3B);
G(IID_UI5,0x5349D588,0x0CB5,0x5F05,0xBD,0x34,0x70,0x6B,0x32,0x31,0xF0,0xBD);
G(IID_Acc,0xFE0E8147,0xC4C0,0x4562,0xB9,0x62,0x13,0x27,0xB5,0x2A,0xD5,0xB9);
typedef struct Obj { void **v; const struct Cls *c; } Obj;
typedef struct Itf { const GUID *iid; Obj *o; } Itf;
typedef struct Cls { const Itf *t; int n; } Cls;
static HRESULT WINAPI QI(Obj *o, REFIID r, void **out) {
  int i; *out = NULL;
  if (IsEqualGUID(r,&IID_IUnknown)||IsEqualGUID(r,&IID_Insp)||IsEqualGUID(r,&IID_Agile)) { *out = o->c->t[0].o; return S_OK; }
  for (i=0;i<o->c->n;i++) if (IsEqualGUID(r,o->c->t[i].iid)) { *out = o->c->t[i].o; return S_OK; }
  return E_NOINTERFACE; }
static ULONG WINAPI AR(Obj *o) { return 2; }
static ULONG WINAPI RL(Obj *o) { return 1; }
static HRESULT WINAPI GetIids(Obj *o, ULONG *n, IID **p) { *n=0; *p=NULL; return S_OK; }
static HRESULT WINAPI GetName(Obj *o, void **h) { *h=NULL; return S_OK; }
static HRESULT WINAPI GetTrust(Obj *o, int *t) { *t=0; return S_OK; }
#define BASE (void*)QI,(void*)AR,(void*)RL,(void*)GetIids,(void*)GetName,(void*)GetTrust
static HRESULT WINAPI i0(Obj *o, int *p){*p=0;return S_OK;}
static HRESULT WINAPI i500(Obj *o, UINT *p){*p=500;return S_OK;}
static HRESULT WINAPI i5(Obj *o, UINT *p){*p=5;return S_OK;}
static HRESULT WINAPI i1(Obj *o, UINT *p){*p=1;return S_OK;}
static HRESULT WINAPI size16(Obj *o, float *p){p[0]=p[1]=16;return S_OK;}
static HRESULT WINAPI b1(Obj *o, BYTE *p){*p=1;return S_OK;}
static HRESULT WINAPI b0(Obj *o, BYTE *p){*p=0;return S_OK;}
static HRESULT WINAPI d1(Obj *o, double *p){*p=1.0;return S_OK;}
static HRESULT WINAPI hs0(Obj *o, void **p){*p=NULL;return S_OK;}
static HRESULT WINAPI addev(Obj *o, IUnknown *h, Token *t){ static INT64 n; if(h) IUnknown_AddRef(h); t->value=++n; return S_OK;}
static HRESULT WINAPI rmev(Obj *o, Token t){return S_OK;}
static void sysc(int i, Color *c){ DWORD k=GetSysColor(i); c->A=255;c->R=GetRValue(k);c->G=GetGValue(k);c->B=GetBValue(k);}
static HRESULT WINAPI elemcol(Obj *o, int t, Color *c){ sysc(t==0?COLOR_ACTIVECAPTION:COLOR_WINDOW,c); return S_OK;}
static HRESULT WINAPI getcol(Obj *o, int t, Color *c){
  static const Color k[10]={{255,255,255,255},{255,0,0,0},{255,0,26,104},{255,0,62,146},{255,0,103,192},{255,0,120,215},
     {255,0,145,248},{255,76,194,255},{255,153,235,255},{255,255,0,0}};
  *c = k[(t>=0&&t<10)?t:0]; return S_OK;}
static void *v1[]={BASE,i1,size16,size16,size16,size16,i5,b1,b0,i500,i1,i500,i500,elemcol};
static void *v2[]={BASE,d1,addev,rmev};
static void *v3[]={BASE,getcol,addev,rmev};
static void *v4[]={BASE,b1,addev,rmev};
static void *v5[]={BASE,b1,addev,rmev};
static void *va[]={BASE,b0,hs0,addev,rmev};
extern const Cls ClUI, ClAcc, ClFu, ClFa;
static Obj o1={v1,&ClUI},o2={v2,&ClUI},o3={v3,&ClUI},o4={v4,&ClUI},o5={v5,&ClUI},oa={va,&ClAcc};
static const Itf tUI[]={{&IID_UI1,&o1},{&IID_UI2,&o2},{&IID_UI3,&o3},{&IID_UI4,&o4},{&IID_UI5,&o5}};
static const Itf tAC[]={{&IID_Acc,&oa}};
const Cls ClUI={tUI,5}, ClAcc={tAC,1};
static HRESULT WINAPI actU(Obj *o, void **p){*p=&o1;return S_OK;}
static HRESULT WINAPI actA(Obj *o, void **p){*p=&oa;return S_OK;}
static void *vfu[]={BASE,actU}, *vfa[]={BASE,actA};
static Obj fu={vfu,&ClFu}, fa={vfa,&ClFa};
static const Itf tFU[]={{&IID_ActF,&fu}}, tFA[]={{&IID_ActF,&fa}};
const Cls ClFu={tFU,1}, ClFa={tFA,1};
typedef const WCHAR *(WINAPI *rawbuf)(void*,UINT32*);
__declspec(dllexport) HRESULT WINAPI DllGetActivationFactory(void *h, void **f){
  rawbuf rb=(rawbuf)GetProcAddress(LoadLibraryA("combase.dll"),"WindowsGetStringRawBuffer"); const WCHAR *s=rb(h,NULL);
  *f=NULL;
  if(!lstrcmpW(s,L"Windows.UI.ViewManagement.UISettings")) *f=&fu;
  else if(!lstrcmpW(s,L"Windows.UI.ViewManagement.AccessibilitySettings")) *f=&fa;
  return *f?S_OK:0x80040154; }
__declspec(dllexport) HRESULT WINAPI DllCanUnloadNow(void){return S_FALSE;}
