// 仪表板的中文文本。条目与英文一致。

import type { Text } from './en.js';

export const zh: Text = {
  language: '中文',
  brand: 'Pointcast',
  nav: { label: '页面', points: '测点', trends: '趋势', devices: '设备', boards: '看板' },
  skip: '跳到内容',
  appearance: { label: '外观', auto: '跟随系统', light: '浅色', dark: '深色' },
  languageLabel: '语言',
  contact: {
    live: '实时',
    behind: '正在追赶',
    lost: '无连接',
    connecting: '正在连接',
    never: '尚未与网关建立连接。',
    since: (time) => `自 ${time} 起与网关失去连接，所示数值均非实时。`,
    retry: '系统会自动重试。',
  },
  quality: { good: '良好', uncertain: '不确定', bad: '无效', lost: '非实时', none: '无值' },
  state: { online: '在线', degraded: '降级', offline: '离线', disabled: '已停用', unknown: '未知' },
  reason: {
    waiting: '尚无读数',
    stale: '近期未读取',
    timeout: '应答超时',
    no_communication: '无通信',
    device_error: '设备报告错误',
    not_a_number: '没有数值',
    out_of_range: '超出量程',
    substituted: '替代值',
    configuration: '配置错误',
  },
  yes: '是',
  no: '否',
  now: '刚刚',
  ago: (span) => `${span}前`,
  ahead: (span) => `超前 ${span}`,
  span: {
    seconds: (count) => `${count} 秒`,
    minutes: (count) => `${count} 分`,
    hours: (count) => `${count} 小时`,
    days: (count) => `${count} 天`,
  },
  close: '关闭',
  missing: { title: '没有这个页面', text: '地址可能属于其他版本，或输入有误。', action: '查看测点' },
  failed: { title: '无法显示此页面', text: '重新加载通常可以解决：打开后网关可能已更新。', action: '重新加载' },

  points: {},

  trends: {},

  devices: {},

  boards: {},

  write: {},

  notices: {},
};
